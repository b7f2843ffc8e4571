// Densely connected networks (Huang, Liu, van der Maaten and Weinberger, 2017), with bottlenecks and a compression of 1/2.
import { averagePool, concat, globalAveragePool, relu } from "../graph/index.mjs";
import { batchNorm, conv, linear } from "./layers.mjs";

function bottleneck(scope, x, growth) {
  let y = conv(scope.child("conv1"), relu(batchNorm(scope.child("bn1"), x)), 4 * growth, { kernel: 1 });
  y = conv(scope.child("conv2"), relu(batchNorm(scope.child("bn2"), y)), growth);
  return concat([y, x], 1);
}

function transition(scope, x) {
  const y = conv(scope.child("conv"), relu(batchNorm(scope.child("bn"), x)), Math.floor(x.shape[1] / 2), { kernel: 1 });
  return averagePool(y);
}

/** `blocks`: how many bottlenecks each dense block has, which add `growth` channels each. */
export function densenet(scope, images, { growth, blocks, classes }) {
  let x = conv(scope.child("conv1"), images, 2 * growth);
  blocks.forEach((count, stage) => {
    for (let k = 0; k < count; ++k) x = bottleneck(scope.child(`dense${stage + 1}.${k}`), x, growth);
    if (stage < blocks.length - 1) x = transition(scope.child(`trans${stage + 1}`), x);
  });
  x = relu(batchNorm(scope.child("bn"), x));
  return linear(scope.child("linear"), globalAveragePool(x), classes);
}
