import { zeros } from "./elementwise.mjs";
import { meanOver, reshape } from "./shape.mjs";
import { sizeOf } from "./value.mjs";

const halves = ([count, channels, height, width]) => [count, channels, height / 2, width / 2];

/** The largest of each block of 2 × 2 pixels. */
export function maxPool(x) {
  const { graph } = x;
  const shape = halves(x.shape);
  const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
  const [y, places] = graph.nodes("MaxPool", [x], [shape, { shape, type: "int64" }], attributes);
  return graph.fused(y, [x], (g) => [
    () => {
      const flat = (value) => reshape(value, [sizeOf(shape)]);
      const none = zeros(graph, [sizeOf(x.shape)]);
      return reshape(graph.node("ScatterElements", [none, flat(places), flat(g)], { attributes: { axis: 0 } }), x.shape);
    },
  ]);
}

/** The mean of each block of 2 × 2 pixels. */
export function averagePool(x) {
  const [count, channels, height, width] = halves(x.shape);
  return meanOver(reshape(x, [count, channels, height, 2, width, 2]), [3, 5]);
}

/** The mean of each channel: [number, channels]. */
export const globalAveragePool = (x) => meanOver(x, [2, 3]);
