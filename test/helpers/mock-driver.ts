// The mock driver for NVIDIA's driver, as tests control it: test/cuda/mock_driver/.
import { createRequire } from "node:module";
import { join } from "node:path";
import { mockDriverFolder } from "./mock-driver-path";

export interface MockDriver {
  /** Lets a call answer with `result`, and do nothing, `times` (1) times after the next `after` (0) ones. */
  fail(call: string, failure: { after?: number; times?: number; result: number }): void;
  /** From now on every call on a device (default: on all of them) answers with `result`, until `reset`. */
  lose(result: number, device?: number): void;
  /** As it was at the beginning, but for what is allocated. */
  reset(): void;
  /** How often each call was made since `reset`, by its exported name. */
  counts(): Record<string, number>;
  /** What there is: `opened` is memory of other processes, `contextDepth` that of all threads' stacks together. */
  live(): {
    allocations: number;
    bytes: number;
    opened: number;
    events: number;
    modules: number;
    pinned: number;
    contextDepth: number;
  };
  /** How many devices there are (2), for a driver that was not initialized yet. */
  devices(count: number): void;
  driverVersion(version: number): void;
  /** What a device says of its age (90: 9.0), for a driver that was not looked at yet. */
  computeCapability(device: number, capability: number): void;
  /** Whether kernels run from the last thread of the last block on. */
  backwards(backwards: boolean): void;
  /** Whether a handle may be opened in the process that made it, which NVIDIA's driver refuses. */
  ipcWithinProcess(allowed: boolean): void;

  // What another library in the process would do. Where it cannot be done: 0n, false.
  allocate(device: number, bytes: number): bigint;
  free(pointer: bigint): boolean;
  makeStream(device: number): bigint;
  pushContext(device: number): boolean;
  popContext(): boolean;
  /** The device whose context is current on this thread; −1: none is. */
  currentDevice(): number;
}

/** Whether the tests run on a GPU and not on the mock driver. */
export const onGpu = process.env["ADABELIEF_TEST_GPU"] === "1";

/** Tests for which a driver must fail, or be asked what only the mock driver answers. On a GPU they are skipped, and say so aloud. */
export function onMockDriverAlone(sentence: string, tests: () => void): void {
  if (!onGpu) {
    describe(sentence, tests);
    return;
  }
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}" needs the mock driver, and this is a GPU's own\n`);
  describe.skip(`${sentence} [on the mock driver alone]`, tests);
}

export const mockDriver = createRequire(__filename)(join(mockDriverFolder, "mock_driver_control.node")) as MockDriver;
