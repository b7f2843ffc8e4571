/** Tests that need something of the machine. Without it they are skipped, and say so aloud. */
export function where(present: boolean, missing: string, sentence: string, tests: () => void): void {
  if (present) {
    describe(sentence, tests);
    return;
  }
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}", for ${missing}\n`);
  describe.skip(`${sentence} [${missing}]`, tests);
}
