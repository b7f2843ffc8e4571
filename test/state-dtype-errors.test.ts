// What bfloat16 state refuses, with nothing changed.
import { Adam, AdaBelief, parameter, update, type SparseParameter } from "../lib";
import { snapshot, thrownBy } from "./helpers/snapshot";

const one = () => parameter(Float32Array.of(1, 2), { grad: Float32Array.of(1, 1) });

describe("state_dtype", () => {
  it.each(["float16", "bf16", "", 16, null, true])("is refused where it is %p", (state_dtype) => {
    const { code, message } = thrownBy(() => new Adam([one()], { state_dtype } as object)) as Error & { code: string };
    expect(code).toBe("ERR_INVALID_OPTION");
    expect(message).toMatch(/state_dtype must be/);
  });

  it.each(["stateDtype", "mu_dtype", "optim_bits"])("is named where the option is called %s", (key) => {
    expect(thrownBy(() => new Adam([one()], { [key]: "bfloat16" }))).toMatchObject({
      code: "ERR_UNKNOWN_OPTION",
      message: expect.stringContaining('did you mean "state_dtype"?') as string,
    });
  });

  it("cannot change once there is state, until that is reset", () => {
    const p = one();
    const optimizer = new AdaBelief([p]);
    const [group] = optimizer.paramGroups;
    if (group === undefined) throw new Error("no group");
    group.state_dtype = "bfloat16"; // no state yet
    optimizer.step();
    expect(optimizer.state.get(p, "bfloat16")?.exp_avg).toBeInstanceOf(Uint16Array);
    group.state_dtype = "float32";
    const before = [...p.data];
    for (const act of [() => optimizer.step(), () => optimizer.stateDict()]) {
      expect(thrownBy(act)).toMatchObject({ code: "ERR_DTYPE", message: expect.stringContaining("reset()") as string });
    }
    expect([...p.data]).toEqual(before);
    optimizer.reset();
    optimizer.step();
    expect(optimizer.state.get(p)?.exp_avg).toBeInstanceOf(Float32Array);
  });

  it("may change after a step that was refused", () => {
    const [p, q] = [one(), one()];
    const optimizer = new Adam([{ params: [p], state_dtype: "bfloat16" }, { params: [q] }]);
    q.grad = new Float32Array(3);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_LENGTH" });
    q.grad = Float32Array.of(1, 1);
    Object.assign(optimizer.paramGroups[0] as object, { state_dtype: "float32" });
    optimizer.step();
    expect(optimizer.state.get(p)?.exp_avg).toBeInstanceOf(Float32Array);
  });

  it("must be named to get bit patterns", () => {
    const p = one();
    const optimizer = new Adam([p], { state_dtype: "bfloat16" });
    expect(optimizer.state.get(p)).toBeUndefined();
    optimizer.step();
    expect(thrownBy(() => optimizer.state.get(p))).toMatchObject({
      code: "ERR_DTYPE",
      message: expect.stringContaining('state.get(parameter, "bfloat16")') as string,
    });
    const whole = new Adam([one()]);
    whole.step();
    const [q] = whole.paramGroups[0]?.params as [ReturnType<typeof one>];
    expect(thrownBy(() => whole.state.get(q, "bfloat16"))).toMatchObject({ code: "ERR_DTYPE" });
  });

  it("does not go together with sparse gradients", () => {
    const table: SparseParameter = parameter(new Float32Array(6), { shape: [3, 2] });
    const optimizer = new Adam([table], { state_dtype: "bfloat16" });
    table.grad = { rows: Uint32Array.of(1), values: Float32Array.of(1, 1) };
    expect(thrownBy(() => optimizer.step())).toMatchObject({
      code: "ERR_SPARSE",
      message: expect.stringContaining("its state must be float32") as string,
    });
    expect([...table.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("is an option of the class, not of update", () => {
    const arrays = { data: Float32Array.of(1), grad: Float32Array.of(1), exp_avg_var: new Float32Array(1), step: 1 };
    const [moment, halves] = [new Float32Array(1), new Uint16Array(1)];
    expect(thrownBy(() => update({ ...arrays, exp_avg: moment, state_dtype: "bfloat16" }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
    });
    expect(thrownBy(() => update({ ...arrays, exp_avg: halves as never }))).toMatchObject({ code: "ERR_NOT_FLOAT32" });
    expect([...arrays.data]).toEqual([1]);
  });
});

describe("seed", () => {
  it.each([-1, 0.5, NaN, "1", null, 2 ** 53])("is refused where it is %p", (seed) => {
    expect(thrownBy(() => new Adam([one()], { seed } as object))).toMatchObject({ code: "ERR_INVALID_OPTION" });
  });

  it("is live, and is saved", () => {
    const optimizer = new Adam([one()], { state_dtype: "bfloat16" });
    Object.assign(optimizer.paramGroups[0] as object, { seed: 3 });
    optimizer.step();
    const other = new Adam([one()], { state_dtype: "bfloat16", seed: 1 });
    other.loadStateDict(optimizer.stateDict());
    expect(other.paramGroups[0]?.seed).toBe(3);
    expect(snapshot(other as never, [])).toBeDefined();
  });
});
