import { AdaBelief, parameter, type Parameter } from "../lib";
import { snapshot, thrownBy } from "./helpers/snapshot";

describe("memory that JavaScript takes away between two steps is noticed", () => {
  const rows: { what: string; code: string; make: () => { array: Float32Array; spoil: () => void } }[] = [
    {
      what: "a transferred buffer",
      code: "ERR_DETACHED",
      make: () => {
        const array = new Float32Array(8);
        return { array, spoil: () => void structuredClone(array.buffer, { transfer: [array.buffer] }) };
      },
    },
    {
      what: "a buffer that shrank under a fixed view",
      code: "ERR_DETACHED",
      make: () => {
        const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
        return { array: new Float32Array(buffer, 0, 8), spoil: () => buffer.resize(16) };
      },
    },
    {
      what: "a buffer that shrank under a view of all of it",
      code: "ERR_RESIZED",
      make: () => {
        const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
        return { array: new Float32Array(buffer), spoil: () => buffer.resize(16) };
      },
    },
    {
      what: "a buffer that grew under a view of all of it",
      code: "ERR_RESIZED",
      make: () => {
        const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
        return { array: new Float32Array(buffer), spoil: () => buffer.resize(64) };
      },
    },
    {
      what: "WebAssembly memory that grew",
      code: "ERR_DETACHED",
      make: () => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        return { array: new Float32Array(memory.buffer, 0, 8), spoil: () => void memory.grow(1) };
      },
    },
  ];
  describe.each(rows)("$what", ({ code, make }) => {
    it.each(["data", "grad", "out"] as const)("as %s", (where) => {
      const { array, spoil } = make();
      const other = parameter(new Float32Array(4).fill(1), { grad: new Float32Array(4).fill(1) });
      const spoiled: Parameter = { data: new Float32Array(8), grad: new Float32Array(8), [where]: array };
      const optimizer = new AdaBelief([other, spoiled]);
      optimizer.step();
      spoil();
      const before = snapshot(optimizer, [other]);
      expect(thrownBy(() => optimizer.step())).toMatchObject({ code });
      expect(snapshot(optimizer, [other])).toEqual(before);
      expect(optimizer.state.get(spoiled)?.step).toBe(1);
      spoiled[where] = new Float32Array(8);
      expect(optimizer.step().updated).toBe(2);
    });
  });

  it("a state array that the caller gave away", () => {
    const p = parameter(new Float32Array(8), { grad: new Float32Array(8) });
    const optimizer = new AdaBelief([p]);
    optimizer.step();
    const { buffer } = optimizer.state.get(p)?.exp_avg_var as Float32Array;
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    expect(thrownBy(() => optimizer.step())).toMatchObject({
      code: "ERR_DETACHED",
      message: expect.stringContaining("exp_avg_var") as string,
    });
    expect(thrownBy(() => optimizer.stateDict())).toMatchObject({ code: "ERR_DETACHED" });
    optimizer.reset();
    expect(optimizer.step().updated).toBe(1);
  });

  it("a buffer that a getter of a later parameter takes away in the middle of a step", () => {
    const victim = parameter(new Float32Array(1000), { grad: new Float32Array(1000) });
    let armed = false;
    const thief = {
      data: new Float32Array(4),
      get grad() {
        if (armed) structuredClone(victim.data.buffer, { transfer: [victim.data.buffer as ArrayBuffer] });
        return new Float32Array(4);
      },
    };
    const optimizer = new AdaBelief([victim, thief]);
    optimizer.step();
    armed = true;
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_DETACHED" });
  });

  it("a getter that steps in the middle of a step", () => {
    const p = parameter(new Float32Array(4).fill(1), { grad: new Float32Array(4).fill(1) });
    const stepping = {
      data: new Float32Array(4),
      get grad(): null {
        optimizer.step();
        return null;
      },
    };
    const optimizer: AdaBelief = new AdaBelief([p, stepping]);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_BUSY" });
    expect([...p.data]).toEqual([1, 1, 1, 1]);
    expect(optimizer.state.get(p)).toBeUndefined();
  });

  it("a length property of its own deceives nobody", () => {
    const grad = new Float32Array(2);
    Object.defineProperty(grad, "length", { value: 8 });
    const optimizer = new AdaBelief([parameter(new Float32Array(8), { grad })]);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_LENGTH" });
  });
});

describe("memory that the optimizer has let go of", () => {
  it("may be given back to it as another parameter", () => {
    const [p, q] = [parameter(new Float32Array(9), { grad: new Float32Array(9) }), parameter(new Float32Array(9))];
    const optimizer = new AdaBelief([p]);
    optimizer.step();
    q.data = p.data;
    p.data = new Float32Array(9);
    const { exp_avg } = optimizer.state.get(p) as { exp_avg: Float32Array };
    optimizer.reset();
    optimizer.addParamGroup({ params: [q, parameter(exp_avg)] });
    expect(optimizer.step().updated).toBe(1);
  });
});
