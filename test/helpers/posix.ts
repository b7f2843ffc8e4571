/** A test of what only POSIX has. On Windows it is skipped, and says so aloud. */
export function itOnPosix(what: string, sentence: string, test: () => void | Promise<void>): void {
  if (process.platform !== "win32") {
    it(sentence, async () => {
      await test();
    });
    return;
  }
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}" needs ${what}, which Windows does not have\n`);
  it.skip(`${sentence} [not on Windows]`, () => undefined);
}
