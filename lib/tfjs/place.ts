// The order of state: that of the variables in a step, as that of a model's layers, whichever of them were trained first.
import type { Slot } from "./slot";

/** When a variable was made. */
const age = ({ variable, owner }: Slot): number | undefined => (variable ?? owner)?.id;

function isLater(a: Slot, b: Slot): boolean {
  const [one, other] = [age(a), age(b)];
  return one !== undefined && other !== undefined && one > other;
}

/** New slots of a step by the slot that they follow there; null: the beginning. */
function chains(ordered: ReadonlySet<Slot>, step: readonly Slot[]): Map<Slot | null, Slot[]> {
  const found = new Map<Slot | null, Slot[]>();
  let after: Slot | null = null;
  for (const slot of step) {
    if (ordered.has(slot)) after = slot;
    else if (found.has(after)) found.get(after)?.push(slot);
    else found.set(after, [slot]);
  }
  return found;
}

/**
 * Puts new slots among ordered ones: after those that precede them in the step, before those that follow them. Between the two, where
 * slots take no part in the step, after those whose variables are older.
 */
export function merge(ordered: readonly Slot[], step: readonly Slot[]): Slot[] {
  const inStep = new Set(step);
  const following = chains(new Set(ordered), step);
  const merged: Slot[] = [];
  let waiting = following.get(null) ?? [];
  let next = 0;
  for (const slot of ordered) {
    while (next < waiting.length && (inStep.has(slot) || isLater(slot, waiting[next] as Slot)))
      merged.push(waiting[next++] as Slot);
    merged.push(slot);
    const chain = following.get(slot);
    if (chain !== undefined) [waiting, next] = [chain, 0];
  }
  return [...merged, ...waiting.slice(next)];
}
