import { monitorEventLoopDelay } from "node:perf_hooks";

/** The 99th percentile of the event loop's delay in milliseconds, while `work` is under way. */
export async function loopDelay(work: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await work();
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}
