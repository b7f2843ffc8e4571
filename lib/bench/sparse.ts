// What a step costs where most of a model has no gradient: an embedding table with sparse gradients, beside a plain JavaScript loop over the
// same rows; and one parameter at work among many idle ones. Prints JSON. Run by `npm run bench:sparse`, optionally with other numbers of
// rows, elements of a row, rows of a gradient, and idle parameters.
import { AdaBelief, cpu, parameter, type Parameter, type SparseGradient, type SparseParameter } from "..";
import { loopState, type LoopState } from "./javascript";
import { provenance } from "./report";
import { race, spread } from "./statistics";

const [rows = 250_000, width = 32, touched = 256, idle = 100_000] = process.argv.slice(2).map(Number);
const repeats = 40;

/** As many gradients as are never in a cache together with their rows. */
const gradients = Array.from({ length: 1000 }, (_, k): SparseGradient => ({
  rows: Uint32Array.from({ length: touched }, () => Math.floor(Math.random() * rows)),
  values: Float32Array.from({ length: touched * width }, (_, i) => Math.cos(1.7 * i + k) * 1e-2),
}));

/** The gradients in turn. */
function turn(): () => SparseGradient {
  let k = 0;
  return () => gradients[(k = (k + 1) % gradients.length)] as SparseGradient;
}

/** The table: memory in huge pages, where the system has them. Rows anywhere in smaller pages take twice as long. */
function values(): Float32Array {
  const array = cpu.allocate(rows * width);
  for (let i = 0; i < array.length; ++i) array[i] = Math.sin(i);
  return array;
}

/** The equations over the rows of a gradient. */
function javascriptStep(data: Float32Array, grad: SparseGradient, { exp_avg, exp_avg_var }: LoopState, t: number): void {
  const stepSize = 1e-3 / (1 - 0.9 ** t);
  const sqrtCorrection2 = Math.sqrt(1 - 0.999 ** t);
  for (let k = 0; k < grad.rows.length; ++k) {
    const row = (grad.rows[k] as number) * width;
    for (let j = 0; j < width; ++j) {
      const i = row + j;
      const g = grad.values[k * width + j] as number;
      const m = 0.9 * (exp_avg[i] as number) + (1 - 0.9) * g;
      const residual = g - m;
      const s = 0.999 * (exp_avg_var[i] as number) + (1 - 0.999) * residual * residual + 1e-8;
      exp_avg[i] = m;
      exp_avg_var[i] = s;
      data[i] = (data[i] as number) - (stepSize * m) / (Math.sqrt(s) / sqrtCorrection2 + 1e-8);
    }
  }
}

function sparseStep(): () => void {
  const table: SparseParameter = parameter(values(), { shape: [rows, width] });
  const optimizer = new AdaBelief([table]);
  table.grad = new Float32Array(rows * width).fill(1e-2); // so that the state is in memory
  optimizer.step();
  const next = turn();
  return () => {
    table.grad = next();
    optimizer.step();
  };
}

function sparseLoop(): () => void {
  const [data, state, next] = [values(), loopState(rows * width), turn()];
  for (const array of [state.exp_avg, state.exp_avg_var]) array.fill(1e-2);
  let t = 1;
  return () => javascriptStep(data, next(), state, ++t);
}

/** Steps of one parameter among others without a gradient; with `changing`, of another one each time. */
function idleStep(changing: boolean): () => void {
  const parameters: Parameter[] = Array.from({ length: idle + 1 }, () => parameter(new Float32Array(4)));
  const optimizer = new AdaBelief(parameters);
  for (const p of parameters.slice(0, 100)) p.grad = new Float32Array(4).fill(1);
  optimizer.step();
  for (const p of parameters.slice(1, 100)) p.grad = null;
  let at = 0;
  return () => {
    const p = parameters[at] as Parameter;
    p.grad = null;
    if (changing) at = (at + 1) % 100;
    (parameters[at] as Parameter).grad = new Float32Array(4).fill(1);
    optimizer.step();
  };
}

async function main(): Promise<void> {
  cpu.threads = 1;
  const runs = {
    sparse_step: sparseStep(),
    javascript_loop: sparseLoop(),
    idle_step: idleStep(false),
    idle_changing: idleStep(true),
  };
  const samples = await race(
    Object.values(runs).map((run) => ({ run })),
    repeats,
  );
  const spreads = Object.keys(runs).map(
    (name, k) => [`${name}_us`, spread((samples[k] as number[]).map((ns) => ns / 1e3))] as const,
  );
  const [step, loop] = spreads.map(([, { median }]) => median) as [number, number];
  const what = { ...provenance(), backend: cpu.backend };
  console.log(
    JSON.stringify({ ...what, rows, width, touched, idle, ...Object.fromEntries(spreads), ratio: step / loop }, null, 2),
  );
}

void main();
