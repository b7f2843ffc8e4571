// An encoder and a decoder of attention (Vaswani and others, 2017), with normalization before each part.
import { add, batchMatmul, embedding, relu, reshape, softmax, splitEqually, transpose } from "../graph/index.mjs";
import { layerNorm, linear, normal } from "./layers.mjs";

/** [rows · length, width] as [rows, heads, length, width / heads]. */
function toHeads(x, rows, heads) {
  const [all, width] = x.shape;
  return transpose(reshape(x, [rows, all / rows, heads, width / heads]), [0, 2, 1, 3]);
}

/** Attention of the rows of x to those of `memory`. `mask` is added to the scores: 0, or a large negative number where not to look. */
function attention(scope, x, memory, mask, { rows, heads }) {
  const width = x.shape[1];
  const query = toHeads(linear(scope.child("query"), x, width), rows, heads);
  const [key, value] = splitEqually(linear(scope.child("memory"), memory, 2 * width), 2, 1).map((part) =>
    toHeads(part, rows, heads),
  );
  const scores = batchMatmul(query, key, { transB: true, alpha: 1 / Math.sqrt(width / heads) });
  const found = batchMatmul(softmax(add(scores, mask)), value);
  return linear(scope.child("output"), reshape(transpose(found, [0, 2, 1, 3]), x.shape), width);
}

function feedForward(scope, x, hidden) {
  return linear(scope.child("out"), relu(linear(scope.child("in"), x, hidden)), x.shape[1]);
}

/** Tokens of [rows, length] with their positions, as [rows · length, width]. */
function embed(scope, tokens, vocabulary, width) {
  const [rows, length] = tokens.shape;
  const words = embedding(scope.weight("tokens", [vocabulary, width], normal(1 / Math.sqrt(width))), tokens);
  const places = scope.weight("positions", [length, width], normal(0.02));
  return reshape(add(words, places), [rows * length, width]);
}

/** The encoder's output for source tokens [rows, length]. `mask` [rows, 1, 1, length] hides padding. */
export function encode(scope, tokens, mask, { vocabulary, width, heads, layers, hidden }) {
  const shape = { rows: tokens.shape[0], heads };
  let x = embed(scope.child("embedding"), tokens, vocabulary, width);
  for (let k = 0; k < layers; ++k) {
    const layer = scope.child(`layer${k + 1}`);
    const normalized = layerNorm(layer.child("norm1"), x);
    x = add(x, attention(layer.child("attention"), normalized, normalized, mask, shape));
    x = add(x, feedForward(layer.child("feed"), layerNorm(layer.child("norm2"), x), hidden));
  }
  return layerNorm(scope.child("norm"), x);
}

/** Logits of the token after each target token [rows, length]. `mask` hides padding of the source. */
export function decode(scope, tokens, memory, mask, { vocabulary, width, heads, layers, hidden }) {
  const [rows, length] = tokens.shape;
  const shape = { rows, heads };
  const later = Array.from({ length: length ** 2 }, (_, k) => (k % length > Math.floor(k / length) ? -1e9 : 0));
  const causal = scope.graph.constant(later, [length, length]);
  let x = embed(scope.child("embedding"), tokens, vocabulary, width);
  for (let k = 0; k < layers; ++k) {
    const layer = scope.child(`layer${k + 1}`);
    const normalized = layerNorm(layer.child("norm1"), x);
    x = add(x, attention(layer.child("attention"), normalized, normalized, causal, shape));
    x = add(x, attention(layer.child("source"), layerNorm(layer.child("norm2"), x), memory, mask, shape));
    x = add(x, feedForward(layer.child("feed"), layerNorm(layer.child("norm3"), x), hidden));
  }
  return linear(scope.child("logits"), layerNorm(scope.child("norm"), x), vocabulary);
}
