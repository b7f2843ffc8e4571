import { Lion, parameter } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { gradientsAt, initialValues } from "./helpers/golden";

/** The equations, each product and sum rounded to float32 as PyTorch's tensor operations round them. */
function reference(p: Float32Array, m: Float32Array, g: Float32Array, lr: number, decay: number): void {
  const f = Math.fround;
  // A product of floats is exact in double. The sum is rounded to double before it is rounded to float: no value here tells.
  const fused = (a: number, b: number, c: number) => f(a * b + c);
  p.forEach((value, i) => {
    const [grad, old] = [g[i] as number, m[i] as number];
    const direction = Math.sign(fused(grad, f(1 - 0.9), f(old * f(0.9))));
    m[i] = fused(grad, f(1 - 0.99), f(old * f(0.99)));
    p[i] = fused(direction, f(-lr), f(value * f(1 - lr * decay)));
  });
}

describe("Lion follows its equations", () => {
  describe.each([0, 0.1])("weight_decay %d", (weight_decay) => {
    onEveryBackend("bit for bit over 60 steps", () => {
      const lr = 1e-3;
      const p = parameter(initialValues());
      const wanted = { p: initialValues(), m: new Float32Array(p.data.length) };
      const optimizer = new Lion([p], { lr, weight_decay });
      for (let step = 1; step <= 60; ++step) {
        p.grad = gradientsAt("sparse", step);
        optimizer.step();
        reference(wanted.p, wanted.m, p.grad, lr, weight_decay);
      }
      expectSameBits(p.data, wanted.p, "p");
      expectSameBits(optimizer.state.get(p)?.exp_avg as Float32Array, wanted.m, "exp_avg");
    });
  });
});
