// The package from end to end, for any runtime of JavaScript: every optimizer on every backend, threads, asynchronous steps and
// checkpoints. Prints JSON with a hash of all bits, which must be the same everywhere.
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const adabelief = require(process.argv[2] ?? join(__dirname, "..", ".."));

const isOptimizer = (value) => typeof value === "function" && value.prototype instanceof adabelief.Optimizer;
const classes = Object.keys(adabelief).filter((name) => isOptimizer(adabelief[name]));
const lengths = [1, 7, 64, 1000, 4097, 70001];
const { cpu, parameter } = adabelief;

/** FNV-1a over the bits of floats; any NaN counts the same. */
function hash(arrays) {
  let value = 0x811c9dc5;
  for (const array of arrays) {
    for (const x of array) {
      const word = Number.isNaN(x) ? 0x7fc00000 : new Uint32Array(Float32Array.of(x).buffer)[0];
      for (let k = 0; k < 32; k += 8) value = Math.imul(value ^ ((word >>> k) & 255), 0x01000193) >>> 0;
    }
  }
  return value.toString(16).padStart(8, "0");
}

/** Numbers from a seed by integer arithmetic alone: Math.sin differs between engines. */
function numbers(length, seed) {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

async function train(Optimizer, folder) {
  const make = () => lengths.map((length, k) => parameter(numbers(length, k + 1), { grad: numbers(length, k + 50) }));
  const parameters = make();
  const optimizer = new Optimizer(parameters, { lr: 1e-2 });
  optimizer.step();
  optimizer.step({ maxGradNorm: 1 });
  await optimizer.stepAsync();
  const path = join(folder, `${Optimizer.name}.safetensors`);
  await optimizer.saveState(path, { parameters: true });
  const loaded = make();
  const other = new Optimizer(loaded, { lr: 1e-2 });
  await other.loadState(path, { parameters: true });
  other.step();
  optimizer.step();
  const bits = hash(parameters.map(({ data }) => data));
  if (hash(loaded.map(({ data }) => data)) !== bits) throw new Error(`${Optimizer.name}: a checkpoint changed the bits`);
  return bits;
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-smoke-"));
  try {
    const results = {};
    for (const backend of cpu.backends) {
      cpu.backend = backend;
      for (const threads of cpu.backend === "wasm" ? [1] : [1, 4]) {
        cpu.threads = threads;
        const found = {};
        for (const name of classes) found[name] = await train(adabelief[name], folder);
        for (const [name, bits] of Object.entries(found)) {
          results[name] ??= bits;
          if (results[name] !== bits) throw new Error(`${name}: other bits on ${backend} with ${threads} threads`);
        }
      }
    }
    console.log(JSON.stringify({ backends: cpu.backends, results }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
