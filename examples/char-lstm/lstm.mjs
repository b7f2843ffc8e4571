// A long short-term memory of one layer (Hochreiter and Schmidhuber, 1997), as a graph over `length` characters of `rows` streams.
import { add, crossEntropy, Graph, lstm, matmul } from "../../experiments/graph/index.mjs";

const zeros = (...shape) => ({ data: new Float32Array(shape[0] * shape[1]), shape });

/**
 * x: a row with a one for each character, those of a moment together; h: what the cells show, c: what they keep
 *
 *   i, f, o, u = x·wx + h·wh + b, in four parts
 *   c ← σ(f)·c + σ(i)·tanh(u)
 *   h ← σ(o)·tanh(c)
 *   logits = h·wo + bo
 *
 * `weights` are parameters by these names. With `gradients`, a run writes their gradients.
 */
export async function makeLstm(weights, { rows, length, gradients = false }) {
  const [characters, cells] = [weights.wo.shape[1], weights.wo.shape[0]];
  const input = zeros(length * rows, characters);
  const targets = zeros(length * rows, characters);
  const state = { h: zeros(rows, cells), c: zeros(rows, cells) };

  const graph = new Graph();
  const { wx, wh, b, wo, bo } = Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, graph.input(weight)]));
  const { y, h, c } = lstm(graph.input(input), { h: graph.input(state.h), c: graph.input(state.c) }, { wx, wh, b }, length);
  const logits = add(matmul(y, wo), bo);
  const loss = crossEntropy(logits, graph.input(targets));
  if (gradients) graph.gradients(loss, Object.values(weights));
  const outputs = { logits: graph.output(logits), loss: graph.output(loss), h: graph.output(h), c: graph.output(c) };
  const compute = await graph.compile();

  return {
    ...{ input: input.data, targets: targets.data, state, logits: outputs.logits },
    /** Runs over the input, from the state into the next; returns the mean loss of a character, in nats. */
    async run() {
      await compute();
      state.h.data.set(outputs.h);
      state.c.data.set(outputs.c);
      return outputs.loss[0];
    },
    /** Forgets everything that was read. */
    forget() {
      state.h.data.fill(0);
      state.c.data.fill(0);
    },
  };
}
