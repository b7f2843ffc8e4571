// Very many parameters, at once and one by one.
import { Adam, clipGradNorm, parameter, SGD } from "../lib";
import { thrownBy } from "./helpers/snapshot";

/** Views of one buffer: a million buffers would take longer than what is tested. */
function many(count: number) {
  const [data, grad] = [new Float32Array(count).fill(1), new Float32Array(count).fill(0.5)];
  return Array.from({ length: count }, (_, k) => ({ data: data.subarray(k, k + 1), grad: grad.subarray(k, k + 1) }));
}

describe("a million parameters", () => {
  const params = many(1_000_000);
  it("fit into a constructor, and step", () => {
    const optimizer = new SGD(params, { lr: 1 });
    expect(optimizer.step().updated).toBe(1_000_000);
    expect([params[0]?.data[0], params[999_999]?.data[0]]).toEqual([0.5, 0.5]);
    optimizer.dispose();
  }, 60_000);
});

describe("125,000 parameters", () => {
  it.each([
    ["as a group of a constructor", (params: object[]) => new SGD([{ params: params as never }])],
    [
      "in addParamGroup",
      (params: object[]) => {
        const optimizer = new SGD(params.slice(0, 1) as never);
        optimizer.addParamGroup({ params: params.slice(1) as never });
        return optimizer;
      },
    ],
  ])(
    "fit %s, and in all that follows",
    (_, make) => {
      const params = many(125_000);
      const optimizer = make(params);
      expect(optimizer.step({ maxGradNorm: 1e9 }).updated).toBe(125_000);
      expect(clipGradNorm(optimizer, 1e9)).toBeCloseTo(Math.sqrt(125_000 / 4), 6);
      optimizer.zeroGrad();
      optimizer.dispose();
    },
    60_000,
  );
});

describe("groups that are added one by one", () => {
  it("cost no more looks at the others, the more there are", () => {
    const params = many(600);
    let looks = 0;
    const [first, ...rest] = params as [(typeof params)[0], ...typeof params];
    const watched = {
      grad: first.grad,
      get data() {
        return (++looks, first.data);
      },
    };
    const optimizer = new Adam([watched]);
    for (const p of rest.slice(0, 100)) optimizer.addParamGroup({ params: [p] });
    const before = looks;
    for (const p of rest.slice(100)) optimizer.addParamGroup({ params: [p] });
    expect(looks - before).toBeLessThan(10);
    expect(optimizer.paramGroups).toHaveLength(600);
    expect(optimizer.step().updated).toBe(600);
  });

  it("are stepped as groups of a constructor are", () => {
    const [whole, parts] = [many(100), many(100)];
    const together = new Adam(
      whole.map((params) => ({ params })),
      { lr: 0.1 },
    );
    const [first, ...rest] = parts as [(typeof parts)[0], ...typeof parts];
    const apart = new Adam([first], { lr: 0.1 });
    rest.forEach((params, k) => {
      if (k === 40) apart.lr = 0.1;
      apart.addParamGroup({ params });
    });
    for (let step = 0; step < 3; ++step) for (const one of [together, apart]) one.step();
    expect(parts.map(({ data }) => data[0])).toEqual(whole.map(({ data }) => data[0]));
  });

  it.each([3, 50, 99])("may be loaded, saved and reset before their first step: %d of 100 in the constructor", (count) => {
    const params = many(100);
    const optimizer = new Adam(params.slice(0, count));
    optimizer.step();
    for (const p of params.slice(count)) optimizer.addParamGroup({ params: p });
    const dict = optimizer.stateDict();
    expect(optimizer.state.get(params[99] as never)).toBeUndefined();
    optimizer.loadStateDict(dict);
    expect(optimizer.step().updated).toBe(100);
    optimizer.addParamGroup({ params: many(1) });
    optimizer.reset();
    expect(optimizer.state.get(params[0] as never)).toBeUndefined();
    expect(optimizer.step().updated).toBe(101);
  });

  it.each([5, 200])("are refused where they overlap, and leave no trace: one of %d", (count) => {
    const params = many(count);
    const optimizer = new SGD(params.slice(0, 1));
    for (const p of params.slice(1)) optimizer.addParamGroup({ params: p });
    const whole = new Float32Array(8);
    const rows = [
      params.at(-1),
      parameter((params[1] as { data: Float32Array }).data.subarray(0, 1)),
      ...[[whole.subarray(0, 4), whole.subarray(3, 6)]].map((pair) => pair.map((data) => parameter(data))),
    ];
    for (const given of rows) {
      const error = thrownBy(() => optimizer.addParamGroup({ params: given as never }));
      expect(error.code).toMatch(/ERR_OVERLAP|ERR_DUPLICATE_PARAMETER/);
      expect(optimizer.paramGroups).toHaveLength(count);
    }
    optimizer.addParamGroup({ params: [parameter(whole.subarray(0, 4)), parameter(whole.subarray(4))] });
    expect(thrownBy(() => optimizer.addParamGroup({ params: parameter(whole.subarray(5, 6)) })).code).toBe("ERR_OVERLAP");
    expect(optimizer.step().updated).toBe(count);
  });

  it("take memory that an earlier parameter no longer has", () => {
    const params = many(100);
    const optimizer = new SGD(params.slice(0, 1));
    for (const p of params.slice(1)) optimizer.addParamGroup({ params: p });
    const old = params[7] as { data: Float32Array };
    const before = old.data;
    old.data = new Float32Array(1);
    optimizer.addParamGroup({ params: parameter(before, { grad: new Float32Array(1) }) });
    expect(optimizer.step().updated).toBe(101);
  });

  it("are found to overlap through another object for the same shared memory", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const clone = structuredClone(memory.buffer);
    const params = many(50);
    const optimizer = new SGD([parameter(new Float32Array(memory.buffer, 0, 8))]);
    for (const p of params) optimizer.addParamGroup({ params: p });
    const given = { params: parameter(new Float32Array(clone, 16, 8)) };
    expect(thrownBy(() => optimizer.addParamGroup(given)).code).toBe("ERR_OVERLAP");
  });
});
