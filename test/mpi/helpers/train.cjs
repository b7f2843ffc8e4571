// One training run, as one process makes it or as ranks share it out. Ranks are plain Node, so this is plain JavaScript.

/** Tensors that are cut in different ways: within rows, not at all, many in a bucket, one of four dimensions, an empty one. */
const shapes = [[37, 300], [9000], [13], [6, 5, 3, 3], [0], [64, 128], [4097]];

const lengthOf = (shape) => shape.reduce((a, b) => a * b, 1);

/** Values that differ everywhere, and gradients whose sums depend on the order. */
const wave = (length, seed, scale) =>
  Float32Array.from({ length }, (_, i) => Math.sin((i + 1) * 0.37 + seed * 2.11) * scale * 10 ** ((i * 7 + seed * 3) % 5));

const makeParameters = (adabelief) =>
  shapes.map((shape, k) => {
    const length = lengthOf(shape);
    return adabelief.parameter(wave(length, k, 1e-3), { shape, name: `tensor ${k}`, grad: new Float32Array(length) });
  });

const made = new Map();

/** The gradient of a micro-batch; null where the tensor takes no part in the step. */
function gradientOf(step, batch, k) {
  if (k === 2 && step === 2) return null;
  const key = `${step} ${batch} ${k}`;
  if (!made.has(key)) made.set(key, wave(lengthOf(shapes[k]), step * 31 + batch * 7 + k, 1e-3));
  return made.get(key);
}

function makeOptimizer(adabelief, parameters, { optimizer, options = {}, lookahead }) {
  const half = parameters.length >> 1;
  const groups = [{ params: parameters.slice(0, half) }, { params: parameters.slice(half), lr: 3e-3 }];
  const inner = new adabelief[optimizer](groups, options);
  return lookahead ? new adabelief.Lookahead(inner, lookahead) : inner;
}

/** The options of a step: the same on all ranks, another at every step. */
const stepOptions = ({ clipped }, step) => (clipped ? { maxGradNorm: 0.5 + step, gradScale: 0.75, skipNonFinite: true } : {});

/** One process that adds up the gradients of `batches` micro-batches in pairs and takes their mean. */
function trainAlone(adabelief, form, { from = 1, steps, batches, state }) {
  const parameters = makeParameters(adabelief);
  const optimizer = makeOptimizer(adabelief, parameters, form);
  if (state) {
    optimizer.loadStateDict(state.dict);
    parameters.forEach((parameter, k) => parameter.data.set(state.data[k]));
  }
  const norms = [];
  for (let step = from; step <= steps; ++step) {
    parameters.forEach((parameter, k) => {
      if (gradientOf(step, 0, k) === null) return void (parameter.grad = null);
      parameter.grad = new Float32Array(parameter.data.length);
      const all = Array.from({ length: batches }, (_, batch) => gradientOf(step, batch, k));
      adabelief.accumulate(parameter.grad, all, 1, { order: "pairs" });
    });
    const { gradScale = 1, ...options } = stepOptions(form, step);
    norms.push(optimizer.step({ ...options, gradScale: gradScale / batches }).gradNorm ?? null);
  }
  return { parameters, optimizer, norms };
}

/** The same run over the ranks of a world, each of which adds up its own micro-batches. `order`: of `ready`, which may differ by rank. */
async function trainSharded(adabelief, optimizer, parameters, world, form, { from = 1, steps, batches, order }) {
  const own = batches / world.size;
  const norms = [];
  for (let step = from; step <= steps; ++step) {
    for (const k of order?.(step, world.rank, parameters.length) ?? parameters.keys()) {
      const parameter = parameters[k];
      if (gradientOf(step, 0, k) === null) {
        parameter.grad = null;
      } else {
        const all = Array.from({ length: own }, (_, batch) => gradientOf(step, world.rank * own + batch, k));
        parameter.grad = new Float32Array(parameter.data.length);
        adabelief.accumulate(parameter.grad, all, 1, { order: "pairs" });
      }
      if (order) optimizer.ready(parameter);
    }
    const { gradScale = 1, ...options } = stepOptions(form, step);
    norms.push((await optimizer.step({ ...options, gradScale: gradScale / own })).gradNorm ?? null);
  }
  return norms;
}

/** Orders of `ready` that no two ranks share. */
const shuffled = (step, rank, count) => {
  const order = Array.from({ length: count }, (_, k) => k);
  return order.sort((a, b) => ((a * 5 + step * 3 + rank * 7) % count) - ((b * 5 + step * 3 + rank * 7) % count) || a - b);
};

/** A tensor that travels in several windows, and its optimizer. */
function makeLarge(adabelief) {
  const values = Float32Array.from({ length: 12_000_003 }, (_, i) => ((i * 7919) % 1000) / 500 - 1);
  const p = adabelief.parameter(values, { name: "weight", grad: values.slice().reverse() });
  return { p, inner: new adabelief.Adam([p], { lr: 1e-2 }) };
}

module.exports = { makeLarge, makeParameters, makeOptimizer, trainAlone, trainSharded, shuffled };
