// Parameters without a gradient take no part in a step, but nothing may be written over them.
import { Adam, parameter, SGD } from "../lib";
import { resultOf } from "./helpers/script";
import { thrownBy } from "./helpers/snapshot";

const floats = (...values: number[]) => Float32Array.of(...values);

describe("a parameter without a gradient", () => {
  it("whose data is replaced by that of another is found at the next step", () => {
    const [a, b] = [parameter(floats(1, 1), { grad: floats(1, 1) }), parameter(floats(2, 2), { grad: floats(1, 1) })];
    const optimizer = new Adam([a, b]);
    optimizer.step();
    b.grad = null;
    optimizer.step();
    const own = b.data;
    b.data = a.data;
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_OVERLAP" });
    b.data = own;
    expect(optimizer.step()).toEqual({ updated: 1, skipped: false });
  });

  it("whose out is put over another's data is found at the next step", () => {
    const [a, b] = [parameter(floats(1, 1), { grad: floats(1, 1) }), parameter(floats(2, 2))];
    const optimizer = new SGD([a, b]);
    optimizer.step();
    b.out = a.data;
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_OVERLAP" });
  });

  it("that lay over a gradient may be moved away, and the step works", () => {
    const memory = new Float32Array(8);
    const b = parameter(memory.subarray(0, 4));
    const a = parameter(floats(1, 1, 1, 1), { grad: memory.subarray(0, 4) });
    const optimizer = new SGD([a, b]);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_OVERLAP" });
    b.data = b.data.slice();
    expect(optimizer.step()).toEqual({ updated: 1, skipped: false });
  });
});

describe("what a step leaves behind", () => {
  it("update keeps none of its arrays alive", () => {
    const code = `
      (() => {
        const a = () => new Float32Array(5e6);
        adabelief.update({ data: a(), grad: a(), exp_avg: a(), exp_avg_var: a(), step: 1 });
      })();
      setTimeout(() => {
        gc();
        gc();
        console.log(process.memoryUsage().arrayBuffers < 4e6);
      }, 50);`;
    expect(resultOf(code, { flags: ["--expose-gc"] })).toBe(true);
  });

  it("a refused step keeps none of its gradients alive once another was made", () => {
    const code = `
      const { SGD, parameter } = adabelief;
      const ps = [1, 2].map(() => parameter(new Float32Array(9), { grad: new Float32Array(9) }));
      const optimizer = new SGD(ps);
      optimizer.step();
      const gone = (() => {
        ps[0].grad = new Float32Array(9);
        ps[1].data = new Float32Array(8);
        try { optimizer.step(); } catch {}
        const it = new WeakRef(ps[0].grad);
        ps[0].grad = null;
        ps[1].data = new Float32Array(9);
        optimizer.step();
        return it;
      })();
      setTimeout(() => {
        gc();
        console.log(gone.deref() === undefined);
      }, 50);`;
    expect(resultOf(code, { flags: ["--expose-gc"] })).toBe(true);
  });
});
