// A word language model of stacked LSTMs, with dropout masks that stay the same over time (Merity, Keskar and Socher, 2017).
import { embedding, lstm, mul, reshape, transpose } from "../graph/index.mjs";
import { linear, uniform } from "./layers.mjs";

/** x of [length · rows, width] times a mask of [rows, width] at every moment. */
function dropped(x, mask, length) {
  if (mask === undefined) return x;
  const [rows, width] = mask.shape;
  return reshape(mul(reshape(x, [length, rows, width]), mask), x.shape);
}

/**
 * tokens: the words of a moment together, [length · rows]; states: { h, c } for each layer; masks: of the embedding and of each layer's
 * output, or none. Returns logits and the states after the last moment.
 */
export function languageModel(scope, tokens, { vocabulary, width, cells, states, length, masks = [] }) {
  const table = scope.weight("encoder.weight", [vocabulary, width], uniform(0.1));
  let x = dropped(embedding(table, tokens), masks[0], length);
  const after = states.map((state, k) => {
    const layer = scope.child(`lstm${k + 1}`);
    const initial = uniform(1 / Math.sqrt(cells));
    const turned = (name, inputs) => transpose(layer.weight(name, [4 * cells, inputs], initial), [1, 0]);
    const weights = {
      wx: turned("weight_ih", x.shape[1]),
      wh: turned("weight_hh", cells),
      b: layer.weight("bias", [4 * cells], initial),
    };
    const { y, h, c } = lstm(x, state, weights, length);
    x = dropped(y, masks[k + 1], length);
    return { h, c };
  });
  return { logits: linear(scope.child("decoder"), x, vocabulary), states: after };
}
