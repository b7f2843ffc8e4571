// Residual networks of basic blocks (He, Zhang, Ren and Sun, 2015), in the form for small images.
import { add, globalAveragePool, relu } from "../graph/index.mjs";
import { batchNorm, conv, linear } from "./layers.mjs";

function basicBlock(scope, x, channels, stride) {
  let y = conv(scope.child("conv1"), x, channels, { stride });
  y = relu(batchNorm(scope.child("bn1"), y));
  y = batchNorm(scope.child("bn2"), conv(scope.child("conv2"), y, channels));
  if (stride === 1 && x.shape[1] === channels) return relu(add(y, x));
  const shortcut = conv(scope.child("shortcut.conv"), x, channels, { kernel: 1, stride });
  return relu(add(y, batchNorm(scope.child("shortcut.bn"), shortcut)));
}

/** `blocks`: how many blocks each stage has; the first stage has `width` channels, each later one twice as many at half the size. */
export function resnet(scope, images, { width, blocks, classes }) {
  let x = relu(batchNorm(scope.child("bn1"), conv(scope.child("conv1"), images, width)));
  blocks.forEach((count, stage) => {
    for (let k = 0; k < count; ++k) {
      const stride = stage > 0 && k === 0 ? 2 : 1;
      x = basicBlock(scope.child(`layer${stage + 1}.${k}`), x, width * 2 ** stage, stride);
    }
  });
  return linear(scope.child("linear"), globalAveragePool(x), classes);
}
