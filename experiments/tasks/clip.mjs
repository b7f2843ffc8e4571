/**
 * Steps with clipped gradients: `{ norm }` scales all of them to this norm at most, `{ value }` clamps every element to ± this value, and
 * `{}` leaves them.
 */
export function stepClipped(optimizer, parameters, { norm, value }) {
  if (value !== undefined)
    for (const { grad } of parameters) for (let k = 0; k < grad.length; ++k) grad[k] = Math.max(-value, Math.min(value, grad[k]));
  optimizer.step(norm === undefined ? {} : { maxGradNorm: norm });
}
