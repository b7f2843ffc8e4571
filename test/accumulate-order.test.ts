import { accumulate, cpu } from "../lib";
import { bitsOf, expectSameBits } from "./helpers/bits";
import { thrownBy } from "./helpers/snapshot";
import { itOnThreads } from "./helpers/native-only";

const { fround } = Math;

/** Gradients whose sums depend on the order. */
const gradients = (count: number, length: number) =>
  Array.from({ length: count }, (_, k) =>
    Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7 + k * 1.3) * 10 ** ((i + k) % 7)),
  );

/** The sum in pairs, by its definition: neighbours are added, an odd one passes up, until one is left. */
function inPairs(numbers: readonly number[]): number {
  if (numbers.length === 1) return numbers[0] as number;
  const next: number[] = [];
  for (let k = 0; k < numbers.length; k += 2) {
    const [a, b] = numbers.slice(k, k + 2) as [number, number | undefined];
    next.push(b === undefined ? a : fround(a + b));
  }
  return inPairs(next);
}

describe("accumulate in pairs", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 11, 16])("adds %i sources up in pairs, an odd one passes up", (count) => {
    for (const length of [1, 17, 4096, 10_000]) {
      const sources = gradients(count, length);
      const into = new Float32Array(length);
      accumulate(into, sources, 1, { order: "pairs" });
      const expected = Float32Array.from(into, (_, i) => inPairs(sources.map((source) => source[i] as number)));
      expectSameBits(into, expected, `${count} sources of ${length}`);
    }
  });

  it("scales the sum and adds it to what is there, rounded once", () => {
    const into = Float32Array.of(1, 2);
    accumulate(into, [Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6)], 0.5, { order: "pairs" });
    expect([...into]).toEqual([5.5, 8]);
  });

  it("has the bits of sums of sums, for workers with 2ᵏ gradients each", () => {
    const sources = gradients(8, 5000);
    const whole = new Float32Array(5000);
    accumulate(whole, sources, 1, { order: "pairs" });
    const parts = [0, 1, 2, 3].map((worker) => {
      const part = new Float32Array(5000);
      accumulate(part, sources.slice(2 * worker, 2 * worker + 2), 1, { order: "pairs" });
      return part;
    });
    const again = new Float32Array(5000);
    accumulate(again, parts, 1, { order: "pairs" });
    expectSameBits(again, whole, "sums of sums");
  });

  itOnThreads("has the same bits on one thread as on several", () => {
    const sources = gradients(5, 300_000);
    const sums = [1, 2].map((threads) => {
      const before = cpu.threads;
      cpu.threads = threads;
      const into = new Float32Array(300_000);
      accumulate(into, sources, 1, { order: "pairs" });
      cpu.threads = before;
      return bitsOf(into);
    });
    expect(sums[0]).toEqual(sums[1]);
  });

  it.each([
    ["another order", { order: "ranks" }, "ERR_INVALID_OPTION"],
    ["another key", { sequence: true }, "ERR_UNKNOWN_OPTION"],
    ["null", null, "ERR_INVALID_OPTION"],
  ])("refuses %s", (_, options, code) => {
    const into = Float32Array.of(1);
    expect(thrownBy(() => accumulate(into, [Float32Array.of(1)], 1, options as never))).toMatchObject({ code });
    expect(into[0]).toBe(1);
  });
});
