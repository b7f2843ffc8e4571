// A parameter whose getter or proxy throws, after the optimizer took it or before: a coded error names it, and nothing is changed.
import * as A from "../lib";
import { fails } from "./helpers/checkpoint";
import { thrownBy } from "./helpers/snapshot";

const array = (...values: number[]) => Float32Array.from(values);
const make = () => A.parameter(array(1, 2), { grad: array(1, 1), name: "healthy" });

/** A parameter that is sound until `spoil` is called. */
interface Hostile {
  readonly parameter: A.Parameter;
  readonly spoil: () => void;
}

function revocable(): Hostile {
  const { proxy, revoke } = Proxy.revocable<A.Parameter>(A.parameter(array(3), { grad: array(1), name: "w" }), {});
  return { parameter: proxy, spoil: revoke };
}

/** One whose every trap throws, from `spoil` on. */
function trapped(): Hostile {
  let spoilt = false;
  const traps = Object.fromEntries(
    (["get", "has", "set", "getOwnPropertyDescriptor", "getPrototypeOf", "isExtensible"] as const).map((name) => [
      name,
      (...given: unknown[]): unknown => {
        if (spoilt) throw new Error("mine");
        return (Reflect[name] as (...all: unknown[]) => unknown)(...given);
      },
    ]),
  );
  const parameter = new Proxy<A.Parameter>(A.parameter(array(3), { grad: array(1), name: "w" }), traps);
  return { parameter, spoil: () => (spoilt = true) };
}

/** One of whose getters this throws, from `spoil` on. */
const withGetter =
  (key: keyof A.Parameter, thrown: unknown = new Error("mine")) =>
  (): Hostile => {
    const parameter: A.Parameter = A.parameter(array(3), { grad: array(1), name: "w", shape: [1] });
    const value = parameter[key];
    let spoilt = false;
    Object.defineProperty(parameter, key, {
      get: () => {
        if (spoilt) throw thrown;
        return value;
      },
      set: () => undefined,
    });
    return { parameter, spoil: () => (spoilt = true) };
  };

const kinds: [string, () => Hostile][] = [
  ["a revoked proxy", revocable],
  ["a proxy that throws", trapped],
  ["a getter of data that throws", withGetter("data")],
  ["a getter of grad that throws", withGetter("grad")],
  ["a getter that throws nothing", withGetter("grad", null)],
  ["a getter that throws a revoked proxy", withGetter("data", revoked())],
];

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Optimizer and parameters; the second of three is hostile, and has made a step. */
function trainedWith(makeHostile: () => Hostile) {
  const hostile = makeHostile();
  const [first, last] = [make(), make()];
  const optimizer = new A.AdaBelief([first, hostile.parameter, last], { lr: 0.1, ema: { decay: 0.5 } });
  optimizer.step();
  hostile.spoil();
  return { optimizer, hostile: hostile.parameter, others: [first, last] };
}

const bytesOfOthers = (others: readonly A.Parameter[], optimizer: A.AdaBelief) =>
  others.map((one) => [one.data, one.grad, Object.values(optimizer.state.get(one) ?? {})].join(";"));

const named = { name: "TypeError", code: "ERR_INVALID_PARAMETER", message: expect.stringMatching(/^Parameter 1/) as string };

describe.each(kinds)("%s", (_, makeHostile) => {
  it("fails a step, which changes nothing", async () => {
    const { optimizer, others } = trainedWith(makeHostile);
    const before = bytesOfOthers(others, optimizer);
    expect(thrownBy(() => optimizer.step())).toMatchObject(named);
    expect(await fails(optimizer.stepAsync())).toMatchObject(named);
    expect(bytesOfOthers(others, optimizer)).toEqual(before);
  });
});

type Act = (optimizer: A.AdaBelief) => unknown;
const given: [string, keyof A.Parameter, Act][] = [
  ["zeroGrad", "grad", (optimizer) => optimizer.zeroGrad()],
  ["zeroGrad({ set_to_none })", "grad", (optimizer) => optimizer.zeroGrad({ set_to_none: true })],
  ["swapEma", "data", (optimizer) => optimizer.swapEma()],
  ["stateDict", "name", (optimizer) => optimizer.stateDict()],
  ["loadStateDict", "name", (optimizer) => optimizer.loadStateDict(emptyDict(), { strict: false })],
  ["encodeState", "name", (optimizer) => optimizer.encodeState()],
  ["encodeState, shapes", "shape", (optimizer) => optimizer.encodeState()],
  ["encodeState({ parameters })", "data", (optimizer) => optimizer.encodeState({ parameters: true })],
  ["clipGradNorm", "grad", (optimizer) => A.clipGradNorm(optimizer, 1e-3)],
  ["addParamGroup of another", "data", (optimizer) => optimizer.addParamGroup({ params: [withGetterThatThrows("data")] })],
];

const emptyDict = () => {
  const dict = new A.AdaBelief([make(), A.parameter(array(3), { name: "w" }), make()]).stateDict();
  return dict;
};

function withGetterThatThrows(key: keyof A.Parameter) {
  const { parameter, spoil } = withGetter(key)();
  spoil();
  return parameter;
}

describe.each(given)("%s", (_, key, act) => {
  it.each<[string, () => Hostile]>([
    ["a revoked proxy", revocable],
    ["a proxy that throws", trapped],
    [`a getter of ${key} that throws`, withGetter(key)],
  ])("fails for %s, and changes nothing", (_, makeHostile) => {
    const { optimizer, others } = trainedWith(makeHostile);
    const before = bytesOfOthers(others, optimizer);
    const error = thrownBy(() => act(optimizer));
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_PARAMETER" });
    expect(error.message).toMatch(/^Parameter [13]\b/);
    expect(bytesOfOthers(others, optimizer)).toEqual(before);
  });
});

it.each<keyof A.Parameter>(["data", "shape"])(
  "loadState fails for a getter of %s that throws, and changes nothing",
  async (key) => {
    const saved = new A.AdaBelief([make(), A.parameter(array(3), { grad: array(1), name: "w", shape: [1] }), make()], {
      ema: { decay: 0.5 },
    });
    saved.step();
    const { optimizer, others } = trainedWith(withGetter(key));
    const before = bytesOfOthers(others, optimizer);
    const loaded = optimizer.loadState(saved.encodeState({ parameters: true }), { parameters: true });
    expect(await fails(loaded)).toMatchObject(named);
    expect(bytesOfOthers(others, optimizer)).toEqual(before);
  },
);

describe("a WeightAverage", () => {
  it("fails for a getter of data that throws, and changes nothing", () => {
    const { parameter, spoil } = withGetter("data")();
    const first = make();
    const average = new A.WeightAverage(new A.SGD([first, parameter]));
    average.update();
    spoil();
    first.data[0] = 5;
    expect(thrownBy(() => average.update())).toMatchObject(named);
    expect(
      thrownBy(() => {
        average.swap();
      }),
    ).toMatchObject(named);
    expect([average.get(first)?.[0], first.data[0], average.count]).toEqual([1, 5, 1]);
  });
});

describe("an error of the package's own", () => {
  it("passes as it is", () => {
    const p = make();
    const optimizer: A.SGD = new A.SGD([p]);
    Object.defineProperty(p, "grad", { get: () => optimizer.step() });
    expect(thrownBy(() => optimizer.step())).toHaveProperty("code", "ERR_BUSY");
  });
});
