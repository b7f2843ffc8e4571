import { EAdam, parameter } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { gradientsAt, initialValues } from "./helpers/golden";

const f = Math.fround;
const [beta1, beta2] = [0.9, 0.999];

interface Options {
  lr: number;
  eps: number;
  weight_decay: number;
}

/** The equations at step t, each product and sum rounded to float32 as PyTorch's tensor operations round them. */
function reference(p: Float32Array, m: Float32Array, v: Float32Array, g: Float32Array, t: number, o: Options): void {
  // A product of floats is exact in double. The sum is rounded to double before it is rounded to float: no value here tells.
  const fused = (a: number, b: number, c: number) => f(a * b + c);
  const size = f(-(o.lr / (1 - beta1 ** t)));
  const correction = f(Math.sqrt(1 - beta2 ** t));
  p.forEach((value, i) => {
    const grad = o.weight_decay === 0 ? (g[i] as number) : fused(value, f(o.weight_decay), g[i] as number);
    m[i] = fused(grad, f(1 - beta1), f((m[i] as number) * f(beta1)));
    v[i] = f(fused(f(f(1 - beta2) * grad), grad, f((v[i] as number) * f(beta2))) + f(o.eps));
    const denominator = f(f(Math.sqrt(v[i])) / correction);
    p[i] = f(value + f(f(size * m[i]) / denominator));
  });
}

describe("EAdam follows its equations", () => {
  describe.each<[string, Options]>([
    ["without decay", { lr: 1e-3, eps: 1e-8, weight_decay: 0 }],
    ["with a large eps and decay", { lr: 1e-2, eps: 1e-3, weight_decay: 0.1 }],
  ])("%s", (_, options) => {
    onEveryBackend("bit for bit over 60 steps", () => {
      const p = parameter(initialValues());
      const { length } = p.data;
      const wanted = { p: initialValues(), m: new Float32Array(length), v: new Float32Array(length) };
      const optimizer = new EAdam([p], options);
      for (let step = 1; step <= 60; ++step) {
        p.grad = gradientsAt("sparse", step);
        optimizer.step();
        reference(wanted.p, wanted.m, wanted.v, p.grad, step, options);
      }
      expectSameBits(p.data, wanted.p, "p");
      expectSameBits(optimizer.state.get(p)?.exp_avg as Float32Array, wanted.m, "exp_avg");
      expectSameBits(optimizer.state.get(p)?.exp_avg_sq as Float32Array, wanted.v, "exp_avg_sq");
    });
  });

  it("keeps eps in the mean square, where it accumulates", () => {
    const p = parameter(Float32Array.of(1), { grad: Float32Array.of(0) });
    const optimizer = new EAdam([p], { eps: 1, betas: [0.9, 0.5] });
    for (let step = 0; step < 3; ++step) optimizer.step();
    expect(optimizer.state.get(p)?.exp_avg_sq[0]).toBe(1 + 0.5 + 0.25);
  });
});
