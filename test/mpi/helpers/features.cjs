// A training with some features, over ranks or in one process. Ranks are plain Node, so this is plain JavaScript.
const { createHash } = require("node:crypto");
const { join } = require("node:path");

const shape = [40, 300];
const length = 12_000;
const steps = 8;
const badStep = 4;

const wave = (phase, scale = 1) => Float32Array.from({ length }, (_, i) => Math.sin(0.37 * i + phase) * scale);
const gradientOf = (step, rank) => wave(31 * step + 7 * rank, 1e-2);

/** Makes the parameters and the optimizer, with whatever surrounds it. `extra`: parameters besides. */
function begin(adabelief, features, wrap, values, extra = []) {
  const has = (feature) => features.has(feature);
  const parameter = adabelief.parameter(values, {
    shape,
    name: "weight",
    ...(has("out") ? { out: new Float32Array(length) } : {}),
  });
  const made = new adabelief.AdaBelief([parameter, ...extra], {
    lr: 0.05,
    amsgrad: has("amsgrad"),
    ...(has("maximize") ? { maximize: true } : {}),
    ...(has("centralize") ? { centralize: "all" } : {}),
    ...(has("lookahead") ? { lookahead: { k: 3, alpha: 0.5 } } : {}),
    ...(has("ema") ? { ema: { decay: 0.9 } } : {}),
    ...(has("sparse_step: row") ? { sparse_step: "row" } : {}),
  });
  const inner = has("Lookahead") ? new adabelief.Lookahead(made, { k: 2, alpha: 0.25 }) : made;
  const optimizer = wrap(inner);
  return {
    ...{ parameter, inner, optimizer },
    schedule: has("schedule") ? new adabelief.CosineAnnealingLR(optimizer, { T_max: steps }) : undefined,
    annealing: has("SWALR") ? new adabelief.SWALR(optimizer, { swa_lr: 0.01, anneal_epochs: 3 }) : undefined,
    average: has("WeightAverage") ? new adabelief.WeightAverage(optimizer, { from: 1, every: 2 }) : undefined,
  };
}

/** Goes on in another optimizer, with what was saved of this one. */
async function move(way, adabelief, features, { wrap, world, folder }, now) {
  const isRoot = world === undefined || world.rank === 0;
  const file = join(folder, world === undefined ? "alone" : "ranks");
  const [schedule, annealing] = [now.schedule?.stateDict(), now.annealing?.stateDict()];
  const averages = now.average?.stateDict();
  const extra = way === "strict: false" ? [adabelief.parameter(new Float32Array(5000), { name: "new" })] : [];
  let next;
  if (way === "state dict") {
    const dict = await now.optimizer.stateDict();
    const load = (inner) => {
      if (isRoot) inner.loadStateDict(dict);
      return wrap(inner);
    };
    next = begin(adabelief, features, load, isRoot ? now.parameter.data.slice() : new Float32Array(length));
    if (world !== undefined) {
      // A dict is rank 0's: options are set everywhere by whoever makes the optimizer.
      next.optimizer.paramGroups.forEach((group, k) => Object.assign(group, { lr: now.optimizer.paramGroups[k].lr }));
      await next.optimizer.broadcast();
    }
    if (averages !== undefined) next.average.loadStateDict(averages);
  } else {
    const kept = now.average !== undefined;
    await now.optimizer.saveState(file, { parameters: true, extra: { way }, ...(kept ? { average: now.average } : {}) });
    next = begin(adabelief, features, wrap, new Float32Array(length), extra);
    const found = await next.optimizer.loadState(isRoot ? file : "/nowhere", {
      parameters: true,
      ...(kept ? { average: next.average } : {}),
      ...(way === "strict: false" ? { strict: false } : {}),
    });
    if (found.extra.way !== way) throw new Error("another extra");
    if (way === "strict: false" && found.missing.join() !== "new") throw new Error("another report");
  }
  next.schedule?.loadStateDict(schedule);
  next.annealing?.loadStateDict(annealing);
  now.optimizer.dispose();
  return next;
}

/** What a training with these features ends with. Over a world `wrap` makes a Sharded; in one process gradients are added here. */
async function train(adabelief, given, { wrap = (inner) => inner, world, ranks, folder }) {
  const features = new Set(given);
  const has = (feature) => features.has(feature);
  const scaler = has("GradScaler") ? new adabelief.GradScaler({ growth_interval: 3 }) : undefined;
  const options = {
    ...(has("maxGradNorm") ? { maxGradNorm: 0.5 } : {}),
    ...(has("skipNonFinite") && !scaler ? { skipNonFinite: true } : {}),
    gradScale: (has("gradScale") ? 0.75 : 1) / (world === undefined ? ranks : 1),
  };
  let now = begin(adabelief, features, wrap, wave(0));
  const reports = [];
  for (let step = 0; step < steps; ++step) {
    const isBad = step === badStep && (scaler !== undefined || has("skipNonFinite"));
    const gradient = (rank) => {
      const grad = gradientOf(step, rank);
      if (isBad && rank === ranks - 1) grad[length - 1] = NaN;
      return scaler?.scale(grad) ?? grad;
    };
    const compute = () => {
      if (has("zeroGrad")) now.optimizer.zeroGrad({ set_to_none: step % 2 === 0 });
      now.parameter.grad = new Float32Array(length);
      const all = world === undefined ? Array.from({ length: ranks }, (_, rank) => gradient(rank)) : [gradient(world.rank)];
      adabelief.accumulate(now.parameter.grad, all, 1, { order: "pairs" });
      if (has("sparse")) now.parameter.grad = { rows: Uint32Array.of(step), values: now.parameter.grad.slice(0, shape[1]) };
    };
    if (has("closure")) {
      await now.optimizer.step(compute);
      continue;
    }
    compute();
    if (has("ready") && world !== undefined) now.optimizer.ready(now.parameter);
    const method = has("stepAsync") ? "stepAsync" : "step";
    const report = await (scaler ? scaler[method](now.optimizer, options) : now.optimizer[method](options));
    scaler?.update();
    reports.push(report);
    (step < 5 ? now.schedule : (now.annealing ?? now.schedule))?.step();
    now.average?.update();
    for (const [at, way] of [
      [1, "checkpoint"],
      [2, "state dict"],
      [5, "strict: false"],
    ]) {
      if (step === at && has(way)) now = await move(way, adabelief, features, { wrap, world, folder }, now);
    }
    if (step === 6 && has("safetensors")) {
      const bytes = adabelief.encodeSafetensors({ weight: now.parameter });
      now.parameter.data.set((await adabelief.readSafetensors(bytes)).tensors.get("weight").data);
    }
  }
  const dict = await now.optimizer.stateDict();
  const result = { data: now.parameter.data.slice(), average: now.average?.get(now.parameter)?.slice(), reports, dict };
  now.optimizer.dispose();
  return result;
}

/** What a training ended with, for comparison. */
function summaryOf({ data, average, reports, dict }) {
  const hash = createHash("sha256");
  const add = (array) => hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  add(data);
  if (average) add(average);
  for (const entry of Object.values(dict?.state ?? {})) {
    for (const [key, value] of Object.entries(entry)) {
      hash.update(key);
      if (typeof value === "number") hash.update(String(value));
      else add(value);
    }
  }
  if (dict) hash.update(JSON.stringify(dict.param_groups));
  return { hash: hash.digest("hex"), reports };
}

/** Every feature. */
const features = [
  ...["amsgrad", "maximize", "centralize", "lookahead", "Lookahead", "ema", "gradScale", "maxGradNorm", "skipNonFinite", "ready"],
  ...["stepAsync", "zeroGrad", "state dict", "checkpoint", "strict: false", "safetensors", "schedule", "SWALR", "GradScaler"],
  ...["WeightAverage", "out", "closure", "sparse", "sparse_step: row"],
];

/** Each alone, and every pair of them. */
const pairs = features.flatMap((one, k) => [[one], ...features.slice(k + 1).map((other) => [one, other])]);

module.exports = { train, pairs, summaryOf };
