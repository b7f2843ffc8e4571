// Steps that repeat the last one, with changes in between: a group of parameters has the bits of each parameter in an optimizer of its own.
import { AdaBelief, parameter, type Parameter, type StepOptions } from "../lib";
import { bitsOf } from "./helpers/bits";
import { makeRandom } from "./helpers/random";

const count = 7;

/** Some parameters in two groups of one optimizer, and the same parameters each in an optimizer of its own. */
class Pair {
  readonly together = Array.from({ length: count }, (_, k) => this.#make(k));
  readonly alone = Array.from({ length: count }, (_, k) => this.#make(k));
  readonly optimizer = new AdaBelief([{ params: this.together.slice(0, 4) }, { params: this.together.slice(4) }]);
  readonly optimizers = this.alone.map((one) => new AdaBelief([one]));

  constructor(readonly random: ReturnType<typeof makeRandom>) {}

  #make(k: number): Parameter {
    return parameter(Float32Array.from({ length: 5 + k }, (_, i) => Math.sin(i + k)));
  }

  /** Assigns something to both parameters. */
  assign(k: number, change: (one: Parameter) => void): void {
    for (const one of [this.together[k], this.alone[k]]) change(one as Parameter);
  }

  /** Assigns options to a group, and to the optimizers of its parameters. */
  options(g: number, options: object): void {
    Object.assign(this.optimizer.paramGroups[g] as object, options);
    this.optimizers.forEach((one, k) => k < 4 === (g === 0) && Object.assign(one.paramGroups[0] as object, options));
  }

  step(options: StepOptions): void {
    const finite = this.together.every(({ grad }) => (grad as Float32Array | null)?.every(Number.isFinite) ?? true);
    const { skipped } = this.optimizer.step(options);
    expect(skipped).toBe(options.skipNonFinite === true && !finite);
    if (!skipped) for (const one of this.optimizers) one.step();
  }

  expectSame(): void {
    this.together.forEach((one, k) => {
      const state = this.optimizer.state.get(one);
      const wanted = this.optimizers[k]?.state.get(this.alone[k] as Parameter);
      expect([k, bitsOf(one.data), state]).toEqual([k, bitsOf(this.alone[k]?.data as Float32Array), wanted]);
    });
  }
}

const changes: readonly ((pair: Pair) => void)[] = [
  (pair) => pair.assign(pair.random.below(count), (one) => (one.grad = null)),
  (pair) => {
    const [k, phase] = [pair.random.below(count), pair.random.below(100)];
    pair.assign(k, (one) => (one.grad = Float32Array.from({ length: 5 + k }, (_, i) => Math.cos(i + phase))));
  },
  (pair) => pair.assign(pair.random.below(count), (one) => (one.grad as Float32Array | null)?.fill(NaN, 0, 1)),
  (pair) => pair.assign(pair.random.below(count), (one) => (one.data = one.data.slice())),
  (pair) => pair.options(pair.random.below(2), { lr: pair.random.pick([1e-3, 1e-2, 0]) }),
  (pair) => pair.options(pair.random.below(2), { amsgrad: pair.random.below(2) === 0 }),
  (pair) => pair.options(pair.random.below(2), { rectify: pair.random.below(2) === 0 }),
  (pair) => pair.options(pair.random.below(2), { maximize: pair.random.below(2) === 0 }),
  (pair) =>
    pair.options(pair.random.below(2), { lookahead: pair.random.pick([null, { k: 2, alpha: 0.5 }, { k: 3, alpha: 0.8 }]) }),
  (pair) => {
    for (const g of [0, 1]) pair.options(g, { amsgrad: false }); // which needs a maximum in every state
    pair.optimizer.loadStateDict(pair.optimizer.stateDict());
    for (const one of pair.optimizers) one.loadStateDict(one.stateDict());
  },
];

function begin(seed: number): Pair {
  const pair = new Pair(makeRandom(seed + 1));
  for (let k = 0; k < count; ++k) pair.assign(k, (one) => (one.grad = new Float32Array(5 + k).fill(0.5)));
  return pair;
}

describe("a run of equal steps, then a change", () => {
  it.each([...changes.keys()])("has the bits of single parameters, change %i", (which) => {
    for (let seed = 0; seed < 10; ++seed) {
      const pair = begin(seed);
      for (let round = 0; round < 3; ++round) {
        for (let steps = 0; steps < 4; ++steps) pair.step({ skipNonFinite: true });
        (changes[which] as (typeof changes)[0])(pair);
      }
      pair.expectSame(); // which makes the state visible, so that the next step looks at it again
    }
  });

  it.each(Array.from({ length: 12 }, (_, seed) => seed))("has the bits of single parameters, seed %i", (seed) => {
    const pair = begin(seed);
    for (let round = 0; round < 60; ++round) {
      for (let steps = 1 + pair.random.below(4); steps > 0; --steps) pair.step({ skipNonFinite: true });
      if (round % 10 === 9) pair.expectSame();
      for (const { grad } of [...pair.together, ...pair.alone]) (grad as Float32Array | null)?.fill(0.25, 0, 1);
      for (let some = pair.random.below(3); some >= 0; --some) pair.random.pick(changes)(pair);
    }
  });
});
