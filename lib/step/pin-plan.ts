import type { StateArray } from "../arrays/placement";
import { host } from "../native/engine";
import { pinAll } from "./pin";
import { gradientOf } from "./plan-arrays";
import type { StepPlan } from "./step-plan";
import type { TrackedParameter } from "./tracked-parameter";

/** Keeps the memory of a step where it is. Returns whether any was not pinned before. */
export function pinPlan(plan: StepPlan, expose: (tracked: TrackedParameter) => void): boolean {
  const { parameters, request, data, out, slow, ema } = plan;
  let pinned = false;
  for (const tracked of parameters) {
    const { index, place } = tracked;
    if ((request.setOfRow[index] as number) < 0 || place !== host) continue;
    const [first, second, third] = plan.states[index] as readonly StateArray[];
    const own = [data[index], out[index], gradientOf(plan, index), slow[index], ema[index], first, second, third];
    if (pinAll(own, () => expose(tracked))) pinned = true; // what pins memory sees it
  }
  return pinned;
}
