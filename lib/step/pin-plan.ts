import type { Floats } from "../arrays/placement";
import { host } from "../native/engine";
import { pinAll } from "./pin";
import type { StepPlan } from "./step-plan";
import type { TrackedParameter } from "./tracked-parameter";

/** Keeps the memory of a step where it is. Returns whether any was not pinned before. */
export function pinPlan(
  { parameters, request, states, data, out, grad, slow, ema }: StepPlan,
  expose: (tracked: TrackedParameter) => void,
): boolean {
  let pinned = false;
  for (const tracked of parameters) {
    const { index, place } = tracked;
    if ((request.setOfRow[index] as number) < 0 || place !== host) continue;
    const [first, second, third] = states[index] as readonly Floats[];
    const own = [data[index], out[index], grad[index], slow[index], ema[index], first, second, third];
    if (pinAll(own, () => expose(tracked))) pinned = true; // what pins memory sees it
  }
  return pinned;
}
