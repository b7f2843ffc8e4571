// Every recorded case outside of Jest: in a browser, and in other runtimes.
import { expectSameBits } from "./bits";
import { exactCases, golden, recorded } from "./golden";
import { replay } from "./replay";

/** What the helpers use of Jest. */
const expect = (found: unknown) => ({
  toBe(wanted: unknown) {
    if (!Object.is(found, wanted)) throw new Error(`${String(found)}, expected ${String(wanted)}`);
  },
});

/** Replays every recorded case that is met bit for bit, and throws where a bit differs. Returns how many there were. */
export function replayAll(): { cases: number; comparisons: number } {
  Object.assign(globalThis, { expect });
  const cases = [...golden.cases, ...exactCases.filter(({ version }) => !version.startsWith("tf-"))];
  let comparisons = 0;
  for (const one of cases) {
    replay(one, (key, step, values) => {
      expectSameBits(values, recorded(one.id, key, step), `${one.id}: ${key} at step ${step}`);
      comparisons += 1;
    });
  }
  return { cases: cases.length, comparisons };
}
