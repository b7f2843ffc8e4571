// Mistakes that the types must catch: each line below a @ts-expect-error fails to compile, or this file does.
import {
  AdaBelief,
  ChainedScheduler,
  CudaArray,
  CyclicLR,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
  accumulate,
  cuda,
  parameter,
  recipes,
  update,
  type Parameter,
} from "adabelief";
import { AdaBeliefOptimizer } from "adabelief/tfjs";

declare const data: Float32Array;
const weight = parameter(data);
const optimizer = new AdaBelief([weight]);

// @ts-expect-error -- an option of 0.2.1
new AdaBelief([weight], { degenerated_to_sgd: true });
// @ts-expect-error -- an option of 0.2.1
new AdaBelief([weight], { version: "0.0.5", degenerated_to_sgd: true });
// @ts-expect-error -- an option of 0.2.1, in a group
new AdaBelief([{ params: [weight], degenerated_to_sgd: true }]);
// @ts-expect-error -- there is no such version
new AdaBelief([weight], { version: "0.3.0" });
// @ts-expect-error -- another dialect
new AdaBelief([weight], { learningRate: 1e-3 });
// @ts-expect-error -- a string
new AdaBelief([weight], { lr: "1e-3" });
// @ts-expect-error -- one number for both
new AdaBelief([weight], { betas: 0.9 });
// @ts-expect-error -- no parameters
new AdaBelief();
// @ts-expect-error -- arrays are not parameters
new AdaBelief([data]);
// @ts-expect-error -- doubles
parameter(new Float64Array(3));
// @ts-expect-error -- a list of numbers
const list: Parameter = { data: [1, 2, 3] };
// @ts-expect-error -- a gradient of doubles
weight.grad = new Float64Array(3);
// @ts-expect-error -- a closure that is not done when it returns
optimizer.step(async () => 0.5);
// @ts-expect-error -- a closure that returns neither a number nor nothing
optimizer.step(() => "0.5");
// @ts-expect-error -- no such option of a step
optimizer.step({ maxNorm: 1 });
// @ts-expect-error -- groups are added with addParamGroup
optimizer.paramGroups.push({});
// @ts-expect-error -- no such option of a group
optimizer.paramGroups[0]!.learningRate = 1;
// @ts-expect-error -- recipes are constants
recipes.gan.lr = 1;
// @ts-expect-error -- the step number is missing
update({ data, grad: data, exp_avg: data, exp_avg_var: data });
// @ts-expect-error -- not settable
cuda.available = true;
const array = cuda.allocate(3);
// @ts-expect-error -- data on a device, a gradient on the host
parameter(array, { grad: data });
// @ts-expect-error -- the same without parameter()
new AdaBelief([{ data: array, grad: data }]);
// @ts-expect-error -- the same of the stateless kernel
update({ data: array, grad: data, exp_avg: array, exp_avg_var: array, step: 1 });
// @ts-expect-error -- an array on a device has no elements at hand
array[0];
// @ts-expect-error -- addresses are bigints
cuda.wrap({ pointer: 4096, length: 3 });
// @ts-expect-error -- streams are bigints
optimizer.step({ stream: 0 });
// @ts-expect-error -- cuda makes them
new CudaArray();
// @ts-expect-error -- arrays on a device and on the host
accumulate(array, [data]);
// @ts-expect-error -- step_size is missing
new StepLR(optimizer, { gamma: 0.1 });
// @ts-expect-error -- another dialect
new StepLR(optimizer, { stepSize: 30 });
// @ts-expect-error -- options are an object
new StepLR(optimizer, 30);
// @ts-expect-error -- the groups, not the optimizer
new StepLR(optimizer.paramGroups, { step_size: 30 });
// @ts-expect-error -- no such strategy
new OneCycleLR(optimizer, { max_lr: 1, total_steps: 10, anneal_strategy: "exp" });
// @ts-expect-error -- the metric is missing
new ReduceLROnPlateau(optimizer).step();
// @ts-expect-error -- it needs metrics, which a sequence does not have
new SequentialLR(optimizer, { schedulers: [new ReduceLROnPlateau(optimizer)], milestones: [] });
// @ts-expect-error -- a sequence takes no chain
new SequentialLR(optimizer, { schedulers: [new ChainedScheduler(optimizer, { schedulers: [] })], milestones: [] });
// @ts-expect-error -- no such mode
new CyclicLR(optimizer, { base_lr: 0, max_lr: 1, mode: "square" });
// @ts-expect-error -- the learning rate comes first
new AdaBeliefOptimizer({ learningRate: 1e-3 });
// @ts-expect-error -- PyTorch's name
new AdaBeliefOptimizer(1e-3, { eps: 1e-14 });
// @ts-expect-error -- a release for PyTorch
new AdaBeliefOptimizer(1e-3, { version: "0.0.5" });
// @ts-expect-error -- a function of a name
new AdaBeliefOptimizer(1e-3, { excludeFromWeightDecay: ["bias"] });
export { list };
// @ts-expect-error -- a load that is strict takes everything, and reports nothing
optimizer.loadStateDict(optimizer.stateDict()).missing;
// @ts-expect-error -- strict is a flag
optimizer.loadStateDict(optimizer.stateDict(), { strict: "no" });
