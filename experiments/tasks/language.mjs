// A language model of words: the Brown corpus, LSTMs of one to three layers, perplexity.
import { prepare, readBrown } from "../data/brown.mjs";
import { crossEntropy } from "../graph/index.mjs";
import { languageModel } from "../models/lstm.mjs";
import { Network } from "../models/network.mjs";
import { randomFor } from "../random.mjs";
import { makeOptimizer } from "../settings.mjs";
import { stepClipped } from "./clip.mjs";
import { Clock, compile, tensor } from "./compile.mjs";

export { prepare };

/** A text cut into `rows` streams side by side, of which a batch has `length` words each. */
class Streams {
  constructor(words, rows, length) {
    Object.assign(this, { words, rows, length, stream: Math.floor(words.length / rows) });
    this.pieces = Math.floor((this.stream - 1) / length);
    if (this.pieces < 1) throw new RangeError(`${words.length} words are too few for ${rows} rows of ${length}`);
  }

  /** Writes piece k: the words of a moment together, and the words after them. */
  read(k, tokens, targets) {
    for (let row = 0; row < this.rows; ++row)
      for (let t = 0; t < this.length; ++t) {
        const at = row * this.stream + k * this.length + t;
        tokens[t * this.rows + row] = this.words[at];
        targets[t * this.rows + row] = this.words[at + 1];
      }
  }
}

/** A graph over pieces of streams, which carries the state of the LSTMs from run to run. */
async function makeReader(network, { architecture, rows, length, dropout }, training) {
  const { vocabulary, width, cells, layers } = architecture;
  const tokens = tensor([length * rows], Int32Array);
  const targets = tensor([length * rows], Int32Array);
  const states = Array.from({ length: layers }, () => ({ h: tensor([rows, cells]), c: tensor([rows, cells]) }));
  const widths = [width, ...Array(layers).fill(cells)];
  const masks = training && dropout > 0 ? widths.map((size) => tensor([rows, size])) : [];
  const compiled = await compile((graph, scope) => {
    const input = (source) => graph.input(source);
    const model = languageModel(scope(network, training), input(tokens), {
      ...{ vocabulary, width, cells, length, masks: masks.map(input) },
      states: states.map(({ h, c }) => ({ h: input(h), c: input(c) })),
    });
    const after = model.states.flatMap(({ h, c }, k) => [
      [`h${k}`, h],
      [`c${k}`, c],
    ]);
    const loss = crossEntropy(model.logits, input(targets));
    return { loss, gradients: training ? network.trainable : undefined, outputs: Object.fromEntries(after) };
  });
  return {
    ...{ tokens, targets },
    forget() {
      for (const { data } of states.flatMap(({ h, c }) => [h, c])) data.fill(0);
    },
    drawMasks(random) {
      for (const { data } of masks)
        for (let k = 0; k < data.length; ++k) data[k] = random.uniform() < dropout ? 0 : 1 / (1 - dropout);
    },
    async run() {
      await compiled.run();
      states.forEach(({ h, c }, k) => {
        h.data.set(compiled[`h${k}`]);
        c.data.set(compiled[`c${k}`]);
      });
      return compiled.loss[0];
    },
  };
}

export async function create(job, config) {
  const brown = readBrown({ vocabulary: config.architecture.vocabulary, words: config.words });
  const network = new Network(randomFor(job.seed, "weights"));
  const reader = await makeReader(network, config, true);
  const evaluator = await makeReader(network, config, false);
  const streams = new Streams(brown.train, config.rows, config.length);
  const heldOut = new Streams(brown[job.split].subarray(0, config.held), config.rows, config.length);
  const optimizer = makeOptimizer(job.optimizer, network.trainable, job.options);
  const clock = new Clock();
  let random;
  return {
    ...{ networks: [network], optimizers: [optimizer], clock, steps: streams.pieces },
    beginEpoch(epoch) {
      random = randomFor(job.seed, `dropout of epoch ${epoch}`);
      reader.forget();
    },
    async step(k) {
      streams.read(k, reader.tokens.data, reader.targets.data);
      reader.drawMasks(random);
      const loss = await clock.measure("gradients", reader.run);
      await clock.measure("steps", () => stepClipped(optimizer, network.trainable, config.clip));
      return loss;
    },
    async evaluate() {
      evaluator.forget();
      let loss = 0;
      for (let k = 0; k < heldOut.pieces; ++k) {
        heldOut.read(k, evaluator.tokens.data, evaluator.targets.data);
        loss += (await evaluator.run()) / heldOut.pieces;
      }
      return { loss, perplexity: Math.exp(loss) };
    },
  };
}
