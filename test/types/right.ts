// Common uses, which must compile under strict. Compiled by test/types.test.ts, never run.
import {
  AdaBelief,
  AdaBeliefError,
  Adam,
  ChainedScheduler,
  CudaArray,
  CyclicLR,
  GradScaler,
  isAdaBeliefError,
  LambdaLR,
  Lookahead,
  OneCycleLR,
  Optimizer,
  ReduceLROnPlateau,
  SequentialLR,
  SWALR,
  StepLR,
  WeightAverage,
  cpu,
  cuda,
  info,
  parameter,
  readSafetensors,
  recipes,
  update,
  writeSafetensors,
  type AdaBeliefOptions,
  type AnyParameter,
  type Info,
  type LoadReport,
  type LRScheduler,
  type Parameter,
  type Scheduled,
  type ScheduleStateDict,
  type SparseParameter,
  type StateDict,
  type StepReport,
} from "adabelief";
import { AdaBeliefOptimizer, type AdaBeliefOptimizerOptions } from "adabelief/tfjs";
import type { Optimizer as TfjsOptimizer } from "@tensorflow/tfjs-core";

declare const data: Float32Array;
declare const config: { lr: number; betas: number[]; eps: number };

const weight = parameter(data, { grad: null, shape: [2, 3], name: "weight" });
const literal: Parameter = { data };
class Layer implements Parameter {
  data = new Float32Array(4);
  grad: Float32Array | null = null;
}

new AdaBelief([weight, literal, new Layer()]);
new AdaBelief(new Set([weight]), config);
new AdaBelief([weight], { version: "0.0.5", lr: 1e-3, betas: [0.9, 0.999], print_change_log: false });
new AdaBelief([weight], { version: "0.2.1", degenerated_to_sgd: false });
new AdaBelief([weight], recipes.transformer);
new AdaBelief([weight], { ...recipes.gan, lr: 1e-4 });
new AdaBelief([{ params: [weight], lr: 0.1, name: "body" }, { params: literal }], { weight_decay: 1e-2 });
new AdaBelief([{ params: [weight], degenerated_to_sgd: true }], { version: "0.2.1" });

function* generated(): Generator<Parameter> {
  yield weight;
}
const optimizer = new AdaBelief(generated());
const any: Optimizer = optimizer;
const newest = new AdaBelief([weight], { version: "0.2.1" });
const degenerated: boolean | undefined = newest.paramGroups[0]?.degenerated_to_sgd;
const warm: number | undefined = new AdaBelief([weight], { version: "tf-0.2.1" }).paramGroups[0]?.total_steps;
const around: Optimizer = new Lookahead(newest, { k: 5 });
const swapped: boolean = around.swapEma();
const average: Float32Array | undefined = around.state.get(weight)?.ema_buffer;
try {
  around.step();
} catch (error) {
  if (isAdaBeliefError(error)) error.code satisfies string;
  if (error instanceof AdaBeliefError) error.code satisfies string;
}
const report: StepReport = optimizer.step();
const loss: number = optimizer.step(() => 0.5);
optimizer.step(() => {
  weight.grad = new Float32Array(6);
});
optimizer.zeroGrad();
optimizer.zeroGrad({ set_to_none: true });
optimizer.addParamGroup({ params: [new Layer()], lr: 1 });
for (const group of optimizer.paramGroups) group.lr *= 0.1;
const dict: StateDict = optimizer.stateDict({ pytorch: true });
optimizer.loadStateDict(structuredClone(dict));
const moments: Float32Array | undefined = optimizer.state.get(weight)?.exp_avg;
const maximum: Float32Array | undefined = optimizer.state.get(weight)?.max_exp_avg_var;
optimizer.reset();
optimizer.dispose();
{
  using scoped = new AdaBelief([weight]);
  scoped.step();
}
update({ data, grad: data, exp_avg: data, exp_avg_var: data, step: 1, lr: 1e-3, version: "0.2.1", rectify: false });
cpu.backend = cpu.backends[0] as string;
cpu.threads = 1;
const onDevice = parameter(cuda.from(data, { device: 0, stream: 0n }), { grad: cuda.allocate(6), shape: [2, 3] });
const both = new AdaBelief([weight, onDevice, { data: cuda.allocate(1) }]);
const [hostValue, deviceValues]: [number | undefined, Float32Array] = [weight.data[0], onDevice.data.read()];
const deviceMoments: CudaArray | undefined = both.state.get(onDevice)?.exp_avg;
const deviceMaximum: CudaArray | undefined = both.state.get(onDevice)?.max_exp_avg_var;
const hostMoments: Float32Array | undefined = both.state.get(weight)?.exp_avg;
onDevice.grad = cuda.wrap({ pointer: 4096n, length: 6, owner: {} });
const lookedUp: SparseParameter<CudaArray> = parameter(cuda.allocate(6), { shape: [3, 2] });
lookedUp.grad = { rows: Uint32Array.of(0), values: cuda.allocate(2) };
const rowSteps: Uint32Array | undefined = new Adam([lookedUp], { sparse_step: "row" }).state.get(lookedUp)?.row_steps;
both.step({ stream: 1n, maxGradNorm: 1 });
both.zeroGrad({ stream: 1n });
both.synchronize();
const either: CudaArray | Float32Array = (both.paramGroups[0] as { params: readonly AnyParameter[] }).params[0]!.data;
update({ data: onDevice.data, grad: onDevice.data, exp_avg: onDevice.data, exp_avg_var: onDevice.data, step: 1, stream: 1n });
{
  using scratch = cuda.openIpc(structuredClone(onDevice.data.ipcHandle()));
  scratch.write(data);
}
const why: string = cuda.available ? "" : cuda.reason;
const facts: Info = info();
const wrapper: { paramGroups: readonly { lr: number; betas: [number, number] }[] } = { paramGroups: [{ lr: 1, betas: [0, 0] }] };
const schedules: LRScheduler[] = [
  new StepLR(optimizer, { step_size: 30, gamma: 0.1 }),
  new LambdaLR(wrapper, { lr_lambda: [(epoch) => 1 / (1 + epoch)] }),
  new OneCycleLR(any, { max_lr: [0.1, 0.2], total_steps: 100 }),
];
const sequence = new SequentialLR(optimizer as Scheduled, { schedulers: schedules, milestones: [5, 10] });
const swa = new SWALR(optimizer, { swa_lr: [0.1], anneal_strategy: "linear" });
const cyclic = new CyclicLR(optimizer, { base_lr: 0.1, max_lr: [0.2], mode: "exp_range", scale_fn: (at) => 1 / at });
new ChainedScheduler(optimizer, {
  schedulers: [sequence, swa, new ChainedScheduler(optimizer, { schedulers: [cyclic] })],
}).step();
new ReduceLROnPlateau({ paramGroups: [{ lr: 0.1 }] }, { mode: "max" }).step(0.5);
const lrs: number[] = sequence.getLastLr();
const kept: ScheduleStateDict = sequence.stateDict();
sequence.loadStateDict(kept);
const forTfjs: AdaBeliefOptimizerOptions = {
  version: "0.2.1",
  weightDecay: 1e-4,
  excludeFromWeightDecay: (name) => name.endsWith("bias"),
};
const inTfjs: TfjsOptimizer = new AdaBeliefOptimizer(1e-3, forTfjs);
new AdaBeliefOptimizer().learningRate = 1e-4;
declare const options: AdaBeliefOptions;
new AdaBelief([weight], options);
const part: LoadReport = optimizer.loadStateDict(optimizer.stateDict(), { strict: false });
const fromFile: Promise<{ extra: { epoch: number }; missing: readonly string[] }> = optimizer.loadState<{ epoch: number }>(
  "run",
  {
    strict: false,
  },
);
const scaled: number = new GradScaler({ init_scale: 1024 }).scale(0.5);
const scaledReport: StepReport = new GradScaler().step(any, { maxGradNorm: 1 });
const averaged: Float32Array | undefined = new WeightAverage(any, { from: 10 }).get(weight);
async function tune(): Promise<void> {
  const tensor = (await readSafetensors("weights.safetensors", { widen: true })).tensors.get("weight");
  if (tensor?.dtype === "F32") new AdaBelief([parameter(tensor.data, { shape: tensor.shape })]);
  await writeSafetensors("weights.safetensors", { weight, steps: BigInt64Array.of(1n) }, { metadata: { format: "pt" } });
}
export { averaged, fromFile, part, scaled, scaledReport, tune };
export { rowSteps, deviceMaximum, deviceMoments, deviceValues, either, hostMoments, hostValue };
export { any, average, degenerated, facts, inTfjs, loss, lrs, maximum, moments, options, report, swapped, warm, why };
