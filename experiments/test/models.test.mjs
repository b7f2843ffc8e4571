// The first gradient of every model against the one that PyTorch computes in float64 (pytorch/record.py).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import * as ops from "../graph/index.mjs";
import { critic, generator } from "../models/dcgan.mjs";
import { densenet } from "../models/densenet.mjs";
import { languageModel } from "../models/lstm.mjs";
import { Network, Scope } from "../models/network.mjs";
import { policy } from "../models/policy.mjs";
import { resnet } from "../models/resnet.mjs";
import { spectralCritic } from "../models/sngan.mjs";
import { decode, encode } from "../models/transformer.mjs";
import { vgg } from "../models/vgg.mjs";
import { hingeOfMade, penalizedLoss, wassersteinLoss } from "../tasks/gan-losses.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(`pytorch/${name}.json`, import.meta.url), "utf8"));
const cases = read("cases");
const recorded = read("gradients");

/** Numbers that follow from a name, as in record.py. */
function wave(name, shape, scale = 1, mean = 0) {
  const phase = crc32(name) % 1000;
  const length = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length }, (_, k) => mean + scale * Math.sin(phase + 1.7 * k)) };
}

const integers = (name, shape, below) => ({
  shape,
  data: Int32Array.from(wave(name, shape).data, (value) => Math.floor(Math.abs(value) * 0.999 * below)),
});

function parameterData({ name, shape }) {
  if (shape.length > 1) return wave(name, shape, 1.5 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b))).data;
  return wave(name, shape, 0.1, name.endsWith("weight") ? 1 : 0).data;
}

const classified = (model) => (scope, c) => {
  const input = (source) => scope.graph.input(source);
  const logits = model(scope, input(wave("images", [c.count, 3, c.size, c.size])), c);
  return ops.crossEntropy(logits, input(integers("classes", [c.count], c.classes)));
};
const images = (scope, name, c) => scope.graph.input(wave(name, [c.count, c.channels, c.size, c.size]));

const losses = {
  vgg: classified(vgg),
  resnet: classified(resnet),
  densenet: classified(densenet),
  lstm(scope, { rows, length, vocabulary, width, cells, layers }) {
    const input = (name, ...shape) => scope.graph.input(wave(name, shape));
    const words = (name) => scope.graph.input(integers(name, [length * rows], vocabulary));
    const indices = Array.from({ length: layers }, (_, k) => k);
    const states = indices.map((k) => ({ h: input(`h${k}`, rows, cells), c: input(`c${k}`, rows, cells) }));
    const masks = [undefined, ...indices.map((k) => input(`mask${k + 1}`, rows, cells))];
    const { logits } = languageModel(scope, words("tokens"), { vocabulary, width, cells, states, length, masks });
    return ops.crossEntropy(logits, words("targets"));
  },
  transformer(scope, c) {
    const words = (name, ...shape) => scope.graph.input(integers(name, shape, c.vocabulary));
    const mask = Array(c.rows * c.source).fill(0).with(c.source - 1, -1e9); // prettier-ignore
    const padding = scope.graph.constant(mask, [c.rows, 1, 1, c.source]);
    const memory = encode(scope.child("encoder"), words("source", c.rows, c.source), padding, c);
    const logits = decode(scope.child("decoder"), words("target", c.rows, c.target), memory, padding, c);
    return ops.crossEntropy(logits, words("next", c.rows * c.target));
  },
  generator(scope, c) {
    const made = generator(scope, scope.graph.input(wave("noise", [c.count, c.inputs])), c);
    return ops.scale(ops.sum(ops.mul(made, scope.graph.input(wave("probe", made.shape)))), 1 / c.count);
  },
  critic(scope, c) {
    const share = scope.graph.input(wave("share", [c.count, 1, 1, 1], 0.5, 0.5));
    return penalizedLoss((x) => critic(scope, x, c), images(scope, "real", c), images(scope, "made", c), share, c.lambda);
  },
  normalizedCritic: (scope, c) =>
    wassersteinLoss((x) => critic(scope, x, { ...c, normalize: true }), images(scope, "real", c), images(scope, "made", c)),
  policy(scope, c) {
    const input = (name, ...shape) => scope.graph.input(wave(name, shape));
    const taken = scope.graph.input(integers("taken", [c.count], c.actions));
    return ops.crossEntropy(policy(scope, input("states", c.count, 4), c), taken, input("advantages", c.count));
  },
  spectralCritic: (scope, c) => hingeOfMade(spectralCritic(scope, images(scope, "made", c), c)),
};

/** A network whose parameters follow from their names. */
class NamedNetwork extends Network {
  find(kind, name, shape, make) {
    const tensor = super.find(kind, name, shape, make);
    tensor.data.set(kind === "parameters" ? parameterData(tensor) : name.endsWith(".u") ? wave(name, shape).data : tensor.data);
    return tensor;
  }
}

function summary({ grad }) {
  const norm = Math.sqrt(grad.reduce((sum, g) => sum + g * g, 0));
  return [norm, grad.reduce((sum, g, k) => sum + g * Math.sin(1 + 0.37 * k), 0)];
}

for (const [name, build] of Object.entries(losses)) {
  test(`first gradient of ${name}`, async () => {
    const network = new NamedNetwork({ uniform: () => 0, normal: () => 0 });
    const graph = new ops.Graph();
    const loss = build(new Scope({ graph, network, training: true }), cases[name]);
    graph.gradients(loss, network.trainable);
    const value = graph.output(loss);
    await (
      await graph.compile({ threads: 1 })
    )();

    const expected = recorded.models[name];
    const near = (actual, wanted, scale, what) =>
      assert.ok(Math.abs(actual - wanted) <= 1e-4 * scale, `${what}: ${actual}, PyTorch ${wanted}`);
    near(value[0], expected.loss, Math.max(1, Math.abs(expected.loss)), "loss");
    assert.deepEqual(network.trainable.map((parameter) => parameter.name).sort(), Object.keys(expected.gradients).sort());
    const largest = Math.max(...Object.values(expected.gradients).map(([norm]) => norm));
    for (const parameter of network.trainable) {
      const [norm, probe] = summary(parameter);
      const [wantedNorm, wantedProbe] = expected.gradients[parameter.name];
      // A bias before a normalization has a gradient of 0, up to rounding.
      const scale = Math.max(wantedNorm, 0.01 * largest);
      near(norm, wantedNorm, scale, `norm of ${parameter.name}`);
      near(probe, wantedProbe, scale * Math.sqrt(parameter.grad.length), `projection of ${parameter.name}`);
    }
  });
}
