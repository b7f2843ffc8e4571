import { cpu } from "../../lib";

/** Whether these tests run on WebAssembly: one thread, and no other backend beside it. */
export const onWasm = cpu.backend === "wasm";

/** A test of what only native code has. On WebAssembly it is skipped, and says so aloud. */
export function itNatively(what: string, sentence: string, test: (() => Promise<void>) | (() => void)): void {
  if (!onWasm) {
    it(sentence, test);
    return;
  }
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}" needs ${what}, which WebAssembly does not have\n`);
  it.skip(`${sentence} [not on WebAssembly]`, () => undefined);
}
