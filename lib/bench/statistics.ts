/** A median and where the middle four fifths of the samples lie. */
export interface Spread {
  median: number;
  p10: number;
  p90: number;
}

export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    return below + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] as number) - below);
  };
  return { median: at(0.5), p10: at(0.1), p90: at(0.9) };
}

/** Something whose time is taken. */
export interface Contestant {
  /** Called before each of its turns, off the clock. */
  readonly prepare?: () => void;
  readonly prepareAsync?: () => Promise<unknown>;
  /** One run. What returns a promise is awaited. */
  readonly run: () => void | Promise<unknown>;
  /** Takes its own time, in nanoseconds: for those that run in another process. */
  readonly time?: (runs: number) => Promise<number>;
  /** Called when the race is over. */
  readonly close?: () => void;
}

async function prepare(contestant: Contestant): Promise<void> {
  contestant.prepare?.();
  await contestant.prepareAsync?.();
}

async function time({ run, time: own }: Contestant, runs: number): Promise<number> {
  if (own !== undefined) return own(runs);
  const started = performance.now();
  for (let i = 0; i < runs; ++i) {
    const pending = run();
    if (pending !== undefined) await pending;
  }
  return (performance.now() - started) * 1e6;
}

/** How many runs take about `turn` milliseconds. */
async function calibrate(contestant: Contestant, turn: number): Promise<number> {
  await time(contestant, 1);
  let runs = 1;
  for (let spent = await time(contestant, runs); spent < turn * 1e6 && runs < 1e6; spent = await time(contestant, runs)) {
    runs = Math.ceil(runs * Math.min(10, Math.max(1.5, (turn * 1e6) / Math.max(spent, 1))));
  }
  return runs;
}

/**
 * Times contestants against each other: every repeat gives each of them a turn of about `turn` milliseconds, so that whatever else
 * the machine does falls on all alike. Returns nanoseconds a run, one sample a repeat, in the order of the contestants.
 */
export async function race(contestants: readonly Contestant[], repeats: number, turn = 3): Promise<number[][]> {
  const runs: number[] = [];
  for (const contestant of contestants) {
    await prepare(contestant);
    runs.push(await calibrate(contestant, turn));
  }
  const samples: number[][] = contestants.map(() => []);
  for (let repeat = 0; repeat < repeats; ++repeat) {
    for (const [k, contestant] of contestants.entries()) {
      await prepare(contestant);
      const count = runs[k] as number;
      // The turn before left other arrays in the caches, and large ones take several runs to keep one's own.
      await time(contestant, Math.max(4, Math.min(count, 8)));
      samples[k]?.push((await time(contestant, count)) / count);
    }
  }
  for (const contestant of contestants) contestant.close?.();
  return samples;
}
