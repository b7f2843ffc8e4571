// Nobody else sees a state before it is asked for, so that it keeps its memory. Once it was seen, every step looks at it.
import { parameter, SGD, Adam } from "../lib";

const length = 100;
const make = () => parameter(new Float32Array(length).fill(1), { grad: new Float32Array(length).fill(1) });

/** Calls `act` while a method of the language is one that also keeps the arrays of floats that it sees. */
function spied(owner: object, key: string, act: () => void): Float32Array[] {
  const seen: Float32Array[] = [];
  const original = Reflect.get(owner, key) as (this: unknown, ...given: unknown[]) => unknown;
  const look = (value: unknown) => {
    if (value instanceof Float32Array && value.length === length) seen[seen.length] = value;
  };
  const spy = function (this: unknown, ...given: unknown[]): unknown {
    look(this);
    if (Array.isArray(this)) for (let k = 0; k < this.length; ++k) look(this[k]);
    for (let k = 0; k < given.length; ++k) {
      look(given[k]);
      if (Array.isArray(given[k])) for (let i = 0; i < (given[k] as unknown[]).length; ++i) look((given[k] as unknown[])[i]);
    }
    return Reflect.apply(original, this, given);
  };
  Reflect.defineProperty(owner, key, { value: spy, configurable: true, writable: true });
  try {
    act();
  } finally {
    Reflect.defineProperty(owner, key, { value: original, configurable: true, writable: true });
  }
  return seen;
}

const methods: [string, object, string][] = [
  ...["push", "forEach", "map", "slice", "fill", "includes", "flatMap", "concat", "filter", "every", "find"].map(
    (key): [string, object, string] => [`Array.prototype.${key}`, Array.prototype, key],
  ),
  ["the iterator of arrays", Array.prototype, Symbol.iterator as unknown as string],
  ["Object.entries", Object, "entries"],
  ["Object.assign", Object, "assign"],
];

describe.each(methods)("where a program replaces %s", (_, owner, key) => {
  it("it does not see a state that a step has made, or made longer, or that a dict was written of", () => {
    const p = make();
    const optimizer = new Adam([p]);
    const group = optimizer.paramGroups[0] as (typeof optimizer.paramGroups)[number];
    const seen = spied(owner, key, () => {
      optimizer.step();
      group.amsgrad = true;
      group.lookahead = { k: 2 };
      group.ema = {};
      optimizer.step();
      optimizer.addParamGroup({ params: make() });
      optimizer.step();
    });
    spied(owner, key, () => optimizer.stateDict()).forEach((array) => seen.push(array));
    const { exp_avg, exp_avg_sq, max_exp_avg_sq, slow_buffer, ema_buffer } = optimizer.state.get(p) as unknown as Record<
      string,
      Float32Array
    >;
    const state = [exp_avg, exp_avg_sq, max_exp_avg_sq, slow_buffer, ema_buffer] as Float32Array[];
    expect(state.map((array) => array.length)).toEqual(Array(5).fill(length));
    expect(seen.filter((array) => state.includes(array))).toEqual([]);
  });
});

describe("a constructor of Float32Arrays that a program puts in the place of the language's", () => {
  it("makes no state", () => {
    const original = globalThis.Float32Array;
    const made: Float32Array[] = [];
    class Spy extends original {
      constructor(...given: [number]) {
        super(...given);
        made.push(this);
      }
    }
    const p = make();
    const optimizer = new Adam([p]);
    try {
      globalThis.Float32Array = Spy as never;
      optimizer.step();
    } finally {
      globalThis.Float32Array = original;
    }
    expect(made).toEqual([]);
  });
});

describe("a method that a program replaces, and that takes memory away when it is called in a step,", () => {
  it.each(["fill", "push", "forEach", "map", "slice"] as const)("is called before the checks, if at all: %s", (key) => {
    const p = make();
    const optimizer = new SGD([p], { lr: 1 });
    optimizer.step();
    p.grad = new Float32Array(length).fill(1);
    const { data } = p;
    let taken = false;
    const original = Reflect.get(Array.prototype, key) as (...given: unknown[]) => unknown;
    const take = function (this: unknown, ...given: unknown[]): unknown {
      if (!taken) structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
      taken = true;
      return Reflect.apply(original, this, given);
    };
    let code = "";
    Reflect.defineProperty(Array.prototype, key, { value: take, configurable: true, writable: true });
    try {
      optimizer.step();
    } catch (error) {
      code = (error as { code: string }).code;
    } finally {
      Reflect.defineProperty(Array.prototype, key, { value: original, configurable: true, writable: true });
    }
    expect({ taken, code }).toEqual(taken ? { taken, code: "ERR_DETACHED" } : { taken, code: "" });
  });
});
