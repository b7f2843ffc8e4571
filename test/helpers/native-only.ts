// Tests of what WebAssembly does not have.
import { cpu, cuda } from "../../lib";

const say = (what: string) => process.stderr.write(`\nSKIPPED, not passed, on WebAssembly: tests with ${what}\n`);

/** A test with arrays on devices. */
export const itOnDevices = cuda.available ? it : (say("devices"), it.skip);

/** A test of the native addon. */
export const itOnNative = cpu.backend === "wasm" ? (say("the addon"), it.skip) : it;

/** A test of a step on another thread. */
export const itOnThreads = cpu.backend === "wasm" ? (say("other threads"), it.skip) : it;
