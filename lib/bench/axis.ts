// Logarithmic axes, and labels that do not lie over each other.

export interface Axis {
  /** Where a value is, in pixels. */
  readonly at: (value: number) => number;
  /** Round values between the ends. */
  readonly ticks: readonly number[];
}

/** From the values' range, a little wider, to pixels. */
export function logAxis(values: readonly number[], [from, to]: readonly [number, number], steps: readonly number[]): Axis {
  let [low, high] = [Infinity, 0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const [first, last] = [Math.log10(low / 1.25), Math.log10(high * 1.25)];
  const at = (value: number) => from + ((Math.log10(value) - first) / (last - first)) * (to - from);
  const ticks: number[] = [];
  for (let power = Math.floor(first); power <= last; ++power) {
    for (const step of steps) {
      const value = Number((step * 10 ** power).toPrecision(1));
      if (Math.log10(value) >= first && Math.log10(value) <= last) ticks.push(value);
    }
  }
  return { at, ticks };
}

/** Moves places apart, as little as makes every two at least `gap` from each other, and keeps their order. */
export function spreadOut(places: readonly number[], gap: number, [least, most]: readonly [number, number]): number[] {
  const order = places.map((_, k) => k).sort((a, b) => (places[a] as number) - (places[b] as number));
  const moved = [...places];
  let before = least - gap;
  for (const k of order) before = moved[k] = Math.max(moved[k] as number, before + gap);
  let after = most + gap;
  for (const k of order.reverse()) after = moved[k] = Math.min(moved[k] as number, after - gap);
  return moved;
}
