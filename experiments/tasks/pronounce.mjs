// Pronunciation in the place of translation: letters to phonemes by a transformer, greedy decoding, phoneme and word error rates.
import { readPronunciations, start, stop, vocabularies } from "../data/pronunciation.mjs";
import { crossEntropy } from "../graph/index.mjs";
import { Network } from "../models/network.mjs";
import { decode, encode } from "../models/transformer.mjs";
import { randomFor } from "../random.mjs";
import { makeOptimizer } from "../settings.mjs";
import { Clock, compile, tensor } from "./compile.mjs";

export const prepare = () => {};

/** The tensors of `rows` words: letters and what hides their padding; phonemes so far, those that follow and how much each counts. */
function makeBatch(rows, length) {
  return {
    letters: tensor([rows, length], Int32Array),
    mask: tensor([rows, 1, 1, length]),
    given: tensor([rows, length], Int32Array),
    following: tensor([rows * length], Int32Array),
    weights: tensor([rows * length]),
  };
}

function fillLetters({ letters, mask }, words) {
  const length = letters.shape[1];
  words.forEach((word, row) => {
    for (let k = 0; k < length; ++k) {
      letters.data[row * length + k] = word.letters[k] ?? 0;
      mask.data[row * length + k] = k < word.letters.length ? 0 : -1e9;
    }
  });
}

/** Each phoneme and the stop after the last count the same. */
function fillPhonemes({ given, following, weights }, words) {
  const length = given.shape[1];
  const total = words.reduce((sum, { phonemes }) => sum + phonemes.length + 1, 0);
  words.forEach(({ phonemes }, row) => {
    for (let k = 0; k < length; ++k) {
      given.data[row * length + k] = k === 0 ? start : (phonemes[k - 1] ?? 0);
      following.data[row * length + k] = phonemes[k] ?? (k === phonemes.length ? stop : 0);
      weights.data[row * length + k] = k <= phonemes.length ? 1 / total : 0;
    }
  });
}

function makeModel(scope, batch, architecture) {
  const input = (name) => scope.graph.input(batch[name]);
  const options = (vocabulary) => ({ ...architecture, vocabulary });
  return {
    encode: () => encode(scope.child("encoder"), input("letters"), input("mask"), options(vocabularies.letters)),
    decode: (memory) => decode(scope.child("decoder"), input("given"), memory, input("mask"), options(vocabularies.phonemes)),
  };
}

/** The least number of insertions, deletions and substitutions that turn one sequence into another (Levenshtein). */
export function editDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (const [i, x] of a.entries()) {
    const next = [i + 1];
    b.forEach((y, j) => next.push(Math.min(row[j + 1] + 1, next[j] + 1, row[j] + Number(x !== y))));
    row = next;
  }
  return row.at(-1);
}

/** A function from words to the phonemes that the network says, the likeliest one at a time. */
async function makeSpeaker(network, rows, length, architecture) {
  const batch = makeBatch(rows, length);
  const memory = tensor([rows * length, architecture.width]);
  const encoder = await compile((graph, scope) => ({
    outputs: { memory: makeModel(scope(network, false), batch, architecture).encode() },
  }));
  const decoder = await compile((graph, scope) => ({
    outputs: { logits: makeModel(scope(network, false), batch, architecture).decode(graph.input(memory)) },
  }));
  const count = vocabularies.phonemes;
  const likeliest = (row, k) => {
    const scores = decoder.logits.subarray((row * length + k) * count, (row * length + k + 1) * count);
    return scores.indexOf(Math.max(...scores));
  };
  return async (words) => {
    fillLetters(batch, words);
    await encoder.run();
    memory.data.set(encoder.memory);
    batch.given.data.fill(0);
    for (let row = 0; row < rows; ++row) batch.given.data[row * length] = start;
    const said = words.map(() => []);
    const ended = words.map(() => false);
    for (let k = 0; k < length && ended.includes(false); ++k) {
      await decoder.run();
      said.forEach((phonemes, row) => {
        if (ended[row]) return;
        const next = likeliest(row, k);
        ended[row] = next === stop;
        if (!ended[row]) phonemes.push(next);
        if (k + 1 < length) batch.given.data[row * length + k + 1] = next;
      });
    }
    return said;
  };
}

export async function create(job, config) {
  const { words: count, held, rows, length, architecture } = config;
  const sets = readPronunciations({ length, counts: { test: held, validation: held, train: count } });
  const network = new Network(randomFor(job.seed, "weights"));
  const batch = makeBatch(rows, length);
  const compiled = await compile((graph, scope) => {
    const model = makeModel(scope(network, true), batch, architecture);
    const logits = model.decode(model.encode());
    return { loss: crossEntropy(logits, graph.input(batch.following), graph.input(batch.weights)), gradients: network.trainable };
  });
  const optimizer = makeOptimizer(job.optimizer, network.trainable, job.options);
  const speak = await makeSpeaker(network, rows, length, architecture);
  const clock = new Clock();
  let order;
  return {
    ...{ networks: [network], optimizers: [optimizer], clock, steps: Math.floor(count / rows) },
    beginEpoch(epoch) {
      order = randomFor(job.seed, `batches of epoch ${epoch}`).shuffle([...sets.train]);
    },
    async step(k) {
      const words = order.slice(k * rows, (k + 1) * rows);
      fillLetters(batch, words);
      fillPhonemes(batch, words);
      await clock.measure("gradients", compiled.run);
      await clock.measure("steps", () => optimizer.step());
      return compiled.loss[0];
    },
    async evaluate() {
      let [errors, total, wrong] = [0, 0, 0];
      const words = sets[job.split];
      for (let from = 0; from < words.length; from += rows) {
        const said = await speak(words.slice(from, from + rows));
        said.forEach((phonemes, k) => {
          const expected = words[from + k].phonemes;
          const distance = editDistance(expected, phonemes);
          errors += distance;
          total += expected.length;
          wrong += Number(distance > 0);
        });
      }
      return { phonemeErrorRate: errors / total, wordErrorRate: wrong / words.length };
    },
  };
}
