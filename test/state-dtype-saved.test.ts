// bfloat16 state in dicts and checkpoints, and between optimizers whose state has other types.
import { Adam, AdaBelief, fromBFloat16, parameter, toBFloat16, type Parameter } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { snapshot, thrownBy } from "./helpers/snapshot";

const wave = (length: number, phase = 0) => Float32Array.from({ length }, (_, i) => Math.sin(i + phase));
const one = (name?: string) => parameter(wave(50), { grad: wave(50, 1), ...(name === undefined ? {} : { name }) });

function trained(options: object, p: Parameter = one()): { p: Parameter; optimizer: Adam } {
  const optimizer = new Adam([p], options);
  for (let step = 0; step < 3; ++step) optimizer.step();
  return { p, optimizer };
}

const half = { state_dtype: "bfloat16", seed: 7 } as const;

describe("a state dict of bfloat16 state", () => {
  it("has its bit patterns, its options, and what its random bits depend on", () => {
    const { p, optimizer } = trained(half);
    const { state, param_groups } = optimizer.stateDict();
    expect(state["0"]).toEqual({ ...optimizer.state.get(p, "bfloat16"), noise_id: 0 });
    expect(param_groups[0]).toMatchObject(half);
  });

  it("is widened for PyTorch, without options that PyTorch lacks", () => {
    const { p, optimizer } = trained(half);
    const { state, param_groups } = optimizer.stateDict({ pytorch: true });
    expect(Object.keys(state["0"] as object)).toEqual(["step", "exp_avg", "exp_avg_sq"]);
    const exact = fromBFloat16(optimizer.state.get(p, "bfloat16")?.exp_avg as Uint16Array);
    expectSameBits(state["0"]?.["exp_avg"] as Float32Array, exact, "exp_avg");
    expect(param_groups[0]).not.toHaveProperty("state_dtype");
    expect(param_groups[0]).not.toHaveProperty("seed");
  });

  it.each([
    ["float32", {}, half],
    ["bfloat16", half, {}],
  ] as const)("is converted once where the optimizer's own state is %s, which says so", async (dtype, into, from) => {
    const { p, optimizer } = trained(from);
    const other = new Adam([one()], into);
    const named = new Adam([one("p")], into);
    expect(await other.loadState(optimizer.encodeState())).toEqual({ extra: undefined, converted: ["0"] });
    const saved = trained(from, one("p")).optimizer.stateDict();
    expect(named.loadStateDict(saved, { strict: false })).toMatchObject({ converted: ["p"] });
    expect(other.paramGroups[0]?.state_dtype).toBe(dtype);
    const params = other.paramGroups[0]?.params as Parameter[];
    if (dtype === "float32") {
      const exact = fromBFloat16(optimizer.state.get(p, "bfloat16")?.exp_avg as Uint16Array);
      expectSameBits(other.state.get(params[0] as Parameter)?.exp_avg as Float32Array, exact, "exp_avg");
    } else {
      const nearest = toBFloat16(optimizer.state.get(p)?.exp_avg as Float32Array);
      expect(other.state.get(params[0] as Parameter, "bfloat16")?.exp_avg).toEqual(nearest);
    }
    expect(other.paramGroups[0]?.seed).toBe(dtype === "float32" ? 7 : 0);
  });

  it("keeps a parameter's random bits where it gets another number", () => {
    const params = ["a", "b"].map((name) => parameter(wave(40), { name, grad: wave(40, 1) }));
    const before = new Adam(params, half);
    before.step();
    const swapped = ["b", "a"].map((name) => parameter(wave(40), { name, grad: wave(40, 1) }));
    swapped.forEach(({ data }, k) => data.set((params[1 - k] as Parameter).data));
    const after = new Adam(swapped, half);
    after.loadStateDict(before.stateDict(), { strict: false });
    before.step();
    after.step();
    params.forEach((p, k) => {
      expect(after.state.get(swapped[1 - k] as Parameter, "bfloat16")).toEqual(before.state.get(p, "bfloat16"));
    });
    after.reset();
    after.step();
    expect(after.stateDict().state["0"]).toMatchObject({ noise_id: 0 });
  });

  it.each([-1, 0.5, "1", null])("is refused where its noise_id is %p", (noise_id) => {
    const { optimizer } = trained(half);
    const dict = optimizer.stateDict();
    Object.assign(dict.state["0"] as object, { noise_id });
    const before = snapshot(optimizer as never, []);
    expect(thrownBy(() => optimizer.loadStateDict(dict))).toMatchObject({ code: "ERR_STATE_DICT" });
    expect(snapshot(optimizer as never, [])).toEqual(before);
  });

  it("is refused where it keeps a moving average in 16 bits, or another length", () => {
    const { optimizer } = trained({ ...half, ema: {} });
    for (const change of [{ ema_buffer: new Uint16Array(50) }, { exp_avg: new Uint16Array(49) }]) {
      const dict = optimizer.stateDict();
      Object.assign(dict.state["0"] as object, change);
      expect(thrownBy(() => optimizer.loadStateDict(dict))).toMatchObject({ code: "ERR_STATE_DICT" });
    }
  });
});

describe("a checkpoint of bfloat16 state", () => {
  const headerOf = (bytes: Uint8Array) => {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, { dtype: string }>;
  };

  it("has tensors of BF16, after those of wider types", () => {
    const { optimizer } = trained({ ...half, ema: {} });
    const header = headerOf(optimizer.encodeState({ parameters: true }));
    const dtypes = Object.entries(header).flatMap(([name, { dtype }]) => (name === "__metadata__" ? [] : [[name, dtype]]));
    expect(dtypes).toEqual([
      ["state.0.step", "I64"],
      ["state.0.noise_id", "I64"],
      ["state.0.ema_buffer", "F32"],
      ["param.0", "F32"],
      ["state.0.exp_avg", "BF16"],
      ["state.0.exp_avg_sq", "BF16"],
      ["crc32", "U8"],
    ]);
  });

  it("takes about half of the bytes", () => {
    const size = (options: object) => {
      const p = parameter(new Float32Array(10_000), { grad: new Float32Array(10_000) });
      const optimizer = new AdaBelief([p], options);
      optimizer.step();
      return optimizer.encodeState().length;
    };
    expect(size(half) / size({})).toBeLessThan(0.52);
  });
});
