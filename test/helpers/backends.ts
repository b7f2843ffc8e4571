import { cpu, info } from "../../lib";

/**
 * Runs a test on every backend of this binary. On one that this machine lacks it is reported as skipped, and says so aloud.
 */
export function onEveryBackend(sentence: string, test: (backend: string) => void): void {
  const before = cpu.backend;
  for (const { name, supported } of info().backends) {
    if (!supported) {
      process.stderr.write(`\nSKIPPED, not passed: "${sentence}" on ${name}, which this processor does not have\n`);
      it.skip(`${sentence} [${name}: not on this machine]`, () => undefined);
      continue;
    }
    it(`${sentence} [${name}]`, () => {
      cpu.backend = name;
      try {
        test(name);
      } finally {
        cpu.backend = before;
      }
    });
  }
}
