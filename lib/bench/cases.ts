// What is measured, as data.
import { AdaBelief, Adam, parameter, SGD, type CudaArray, type Optimizer, type Parameter, type StepOptions } from "..";
import { addon } from "../native/engine";
import { optimizers, type OptimizerClass } from "../optimizers/list";
import { ruleOf } from "../rule/rule";
import { shapes } from "./shapes";

/** One pass over memory that a step cannot do without. */
export type Pass =
  /** reads p and g, reads and writes so many states, writes p */
  | { readonly states: 0 | 1 | 2 | 3 }
  /** reads so many arrays, as for a norm */
  | { readonly reads: 1 | 2 };

/** What the benchmark needs of an optimizer. */
export type Measured = Pick<Optimizer<object>, "step" | "stepAsync" | "state" | "synchronize" | "dispose">;

export interface Variant {
  readonly name: string;
  readonly optimizer: string;
  readonly make: (parameters: Parameter[]) => Measured;
  readonly step?: StepOptions;
  /** Whether every gradient is another array at every step, as where a framework computes them. Default false. */
  readonly newGradients?: boolean;
  /** The least that its steps can cost: the passes of each, in turn. */
  readonly steps: readonly (readonly Pass[])[];
}

const passes = (...list: readonly Pass[]): Pick<Variant, "steps"> => ({ steps: [list] });

/** Parameters after thousands of steps with gradients of zeros: the running means are subnormal, and stay so, because four units in
 * the last place times 0.9, and five hundred times 0.999, round to themselves. What has eps in it stays normal. */
function idle(parameters: Parameter[], optimizer: Measured): Measured {
  for (const { grad } of parameters) fill(grad as Float32Array | CudaArray, 0);
  optimizer.step();
  for (const p of parameters) {
    const state = optimizer.state.get(p) as unknown as Record<string, Float32Array | CudaArray | undefined>;
    if (state["exp_avg"]) fill(state["exp_avg"], 4 * 2 ** -149);
    if (state["exp_avg_sq"]) fill(state["exp_avg_sq"], 500 * 2 ** -149);
  }
  return optimizer;
}

function fill(array: Float32Array | CudaArray, value: number): void {
  if (array instanceof Float32Array) array.fill(value);
  else array.write(new Float32Array(array.length).fill(value));
}

export const variants: readonly Variant[] = [
  { name: "plain", optimizer: "AdaBelief", make: (p) => new AdaBelief(p), ...passes({ states: 2 }) },
  { name: "rectified", optimizer: "AdaBelief", make: (p) => new AdaBelief(p, { rectify: true }), ...passes({ states: 2 }) },
  { name: "amsgrad", optimizer: "AdaBelief", make: (p) => new AdaBelief(p, { amsgrad: true }), ...passes({ states: 3 }) },
  {
    ...{ name: "clipped", optimizer: "AdaBelief", make: (p) => new AdaBelief(p), step: { maxGradNorm: 1 } },
    ...passes({ reads: 1 }, { states: 2 }),
  },
  {
    ...{ name: "centralized", optimizer: "AdaBelief", make: (p) => new AdaBelief(p, { centralize: "all" }) },
    ...passes({ reads: 1 }, { states: 2 }),
  },
  { name: "new-gradients", optimizer: "AdaBelief", make: (p) => new AdaBelief(p), newGradients: true, ...passes({ states: 2 }) },
  { name: "idle", optimizer: "AdaBelief", make: (p) => idle(p, new AdaBelief(p)), ...passes({ states: 2 }) },
  { name: "idle-adam", optimizer: "Adam", make: (p) => idle(p, new Adam(p)), ...passes({ states: 2 }) },
  { name: "momentum", optimizer: "SGD", make: (p) => new SGD(p, { momentum: 0.9 }), ...passes({ states: 1 }) },
  ...optimizers.filter(({ name }) => name !== "AdaBelief").map(byDeclaration),
];

/** An optimizer with its defaults. Its passes over memory follow from its declaration. */
function byDeclaration(Class: OptimizerClass): Variant {
  const parameters = [parameter(new Float32Array(1), { grad: new Float32Array(1) })];
  using optimizer = new Class(parameters);
  const { formula, lookahead, centralized } = ruleOf(optimizer);
  optimizer.step();
  const state = optimizer.state.get(parameters[0] as Parameter) ?? {};
  const states = ruleOf(optimizer).states.filter((key) => key in state).length;
  const reads: Pass[] = [];
  if (centralized !== undefined) reads.push({ reads: 1 }); // the gradients' means
  if (addon.formulas[formula]?.norms === true) reads.push({ reads: 2 }); // the norms of the tensor and of its gradient
  const k = lookahead?.(optimizer.defaults).k ?? 1;
  const steps = Array.from({ length: k }, (_, step): Pass[] => {
    const slow = lookahead !== undefined && step === k - 1 ? 1 : 0; // Lookahead's slow weights take part in every k-th step
    return [...reads, { states: (states + slow) as 0 | 1 | 2 | 3 }];
  });
  const name = Class.name === "RangerAdaBelief" ? "ranger" : Class.name.toLowerCase();
  return { name, optimizer: Class.name, make: (p) => new Class(p), steps };
}

/** What is measured unless other variants and sizes are asked for: in less than a minute, or all that says something of AdaBelief. */
export const defaults = {
  short: { variants: ["plain"], sizes: [1e4, 1e6] },
  full: { variants: ["plain", "rectified", "amsgrad"], sizes: [1e3, 1e4, 1e5, 1e6, 1e7] },
} as const;

/** The bytes that one step must move for one parameter, in the mean. */
export function bytesOf({ steps }: Variant): number {
  const bytes = steps.flat().map((pass) => ("reads" in pass ? 4 * pass.reads : 12 + 8 * pass.states));
  return bytes.reduce((a, b) => a + b, 0) / steps.length;
}

export type Mode = "sync" | "async";
export const modes: readonly Mode[] = ["sync", "async"];

/** Where parameters and gradients lie: in Float32Arrays as programs make them, in cpu.allocate's, or in a device's memory. State is the
 * optimizer's own. */
export type Memory = "ordinary" | "allocated" | "device";
export const memories: readonly Memory[] = ["allocated", "ordinary"];

/** What steps: the processor, or the first CUDA device. */
export type Device = "cpu" | "cuda";
export const devices: readonly Device[] = ["cpu", "cuda"];

/** One tensor of a size, or the tensors of a model. */
export interface Model {
  readonly name: string;
  readonly lengths: readonly number[];
}

export const ofSize = (size: number): Model => ({
  name: size >= 1e4 ? size.toExponential().replace("e+", "e") : String(size),
  lengths: [size],
});
export const models: readonly Model[] = Object.entries(shapes).map(([name, lengths]) => ({ name, lengths }));

/** The steps before the clock starts: rectified steps are then past their momentum phase. */
export const warmUp = 12;
