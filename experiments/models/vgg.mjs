// VGG for small images (Simonyan and Zisserman, 2014), with batch normalization and a single linear layer.
import { globalAveragePool, maxPool, relu } from "../graph/index.mjs";
import { batchNorm, conv, linear } from "./layers.mjs";

/** `plan`: channels of a convolution, or "pool". */
export function vgg(scope, images, { plan, classes }) {
  let x = images;
  plan.forEach((step, k) => {
    const layer = scope.child(`features.${k}`);
    x = step === "pool" ? maxPool(x) : relu(batchNorm(layer.child("norm"), conv(layer.child("conv"), x, step, { bias: true })));
  });
  return linear(scope.child("classifier"), globalAveragePool(x), classes);
}
