/** The state of one tensor in the plain JavaScript loop. */
export interface LoopState {
  exp_avg: Float32Array;
  exp_avg_var: Float32Array;
}

/**
 * AdaBelief written down as its equations read: one loop over Float32Arrays, in JavaScript's doubles between loads and stores, with
 * everything that does not depend on the element outside of the loop. What the native step is compared with; the results agree to
 * a few units in the last place.
 *
 * @param t the number of this step, from 1
 */
export function javascriptStep(
  data: Float32Array,
  grad: Float32Array,
  { exp_avg, exp_avg_var }: LoopState,
  t: number,
  { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = {},
): void {
  const stepSize = lr / (1 - beta1 ** t);
  const sqrtCorrection2 = Math.sqrt(1 - beta2 ** t);
  for (let i = 0; i < data.length; ++i) {
    const g = grad[i] as number;
    const m = beta1 * (exp_avg[i] as number) + (1 - beta1) * g;
    const residual = g - m;
    const s = beta2 * (exp_avg_var[i] as number) + (1 - beta2) * residual * residual + eps;
    exp_avg[i] = m;
    exp_avg_var[i] = s;
    data[i] = (data[i] as number) - (stepSize * m) / (Math.sqrt(s) / sqrtCorrection2 + eps);
  }
}

export const loopState = (length: number): LoopState => ({
  exp_avg: new Float32Array(length),
  exp_avg_var: new Float32Array(length),
});
