// Every optimizer, in the forms that differ in what they store or how they run: for tests of what all of them must do.
import * as library from "../../lib";
import { Lookahead, parameter, type Parameter } from "../../lib";
import { optimizers } from "../../lib/optimizers/list";
import { ruleOf } from "../../lib/rule/rule";

type Options = Readonly<Record<string, unknown>>;
export type AnyOptimizer = library.Optimizer<{ lr: number; weight_decay?: number }>;
type Class = new (params: object[], options: Options) => AnyOptimizer;

export interface Form {
  readonly title: string;
  readonly optimizer: string;
  readonly options: Options;
  readonly lookahead?: { readonly k: number; readonly alpha: number };
}

const form = (optimizer: string, options: Options = {}, lookahead?: Form["lookahead"]): Form => {
  const title = [
    optimizer,
    ...Object.entries(options).map(
      ([key, value]) => `${key}=${Array.isArray(value) ? value.join(",") : JSON.stringify(value).replaceAll('"', "")}`,
    ),
  ].join(" ");
  return lookahead === undefined ? { title, optimizer, options } : { title: `Lookahead ${title}`, optimizer, options, lookahead };
};

const listed: readonly Form[] = [
  form("AdaBelief", { weight_decay: 1e-2 }),
  form("AdaBelief", { version: "0.2.1", amsgrad: true, rectify: false }),
  form("AdaBelief", { version: "0.2.1", betas: [0.9, 0.98], centralize: "all" }),
  form("AdaBelief", { version: "tf-0.0.1", amsgrad: true }),
  form("AdaBelief", { version: "tf-0.2.1", betas: [0.9, 0.98], weight_decay: 1e-2, total_steps: 10 }),
  form("AdaBound", { lr: 1e-2, weight_decay: 1e-2, gamma: 0.1 }),
  form("AdaBound", { amsbound: true }),
  form("Adam", { weight_decay: 1e-2 }),
  form("Adam", { amsgrad: true, centralize: "conv" }),
  form("AdamW", { lr: 1e-2 }),
  form("Fromage", {}),
  form("Fromage", { centralize: "all" }),
  form("Lion", { weight_decay: 1e-2 }),
  form("MSVAG", { weight_decay: 1e-2 }),
  form("RAdam", { betas: [0.9, 0.98], weight_decay: 1e-2 }),
  form("RangerAdaBelief", { betas: [0.9, 0.98], k: 2 }),
  form("RangerAdaBelief", { betas: [0.9, 0.98], gc_loc: false, weight_decay: 1e-2 }),
  form("SGD", { lr: 0.1 }),
  form("SGD", { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-2 }),
  form("Yogi", { weight_decay: 1e-2 }),
  form("AdaBelief", { weight_decay: 1e-2, maximize: true }),
  form("Adam", { lookahead: { k: 2, alpha: 0.25 }, centralize: "all", maximize: true }),
  form("RangerAdaBelief", { betas: [0.9, 0.98], k: 2, maximize: true }),
  form("SGD", { lr: 0.1, centralize: "all" }, { k: 2, alpha: 0.25 }),
  form("SGD", { lr: 0.1, momentum: 0.9 }, { k: 3, alpha: 0.5 }),
  form("Adam", { amsgrad: true }, { k: 2, alpha: 0.5 }),
  form("Fromage", {}, { k: 2, alpha: 0.5 }),
  form("AdaBelief", { version: "0.2.1", amsgrad: true, ema: {} }),
  form("Adam", { lookahead: { k: 2, alpha: 0.25 }, ema: { decay: 0.3 }, centralize: "all" }),
  form("RangerAdaBelief", { betas: [0.9, 0.98], gc_loc: false, k: 2, ema: { decay: 0.9 } }),
  form("SGD", { lr: 0.1, ema: { decay: 0.5 } }, { k: 3, alpha: 0.5 }),
];

/** The class names of the package's optimizers. */
export const optimizerNames = optimizers.map(({ name }) => name);

export const classOf = (name: string): Class => (library as unknown as Record<string, Class>)[name] as Class;

/** The forms of an optimizer that is not listed, by its declaration: its defaults, with decay, with each flag turned, centralized. */
function formsOf(name: string): Form[] {
  const { options } = ruleOf(new (classOf(name))([parameter(new Float32Array(1))], {}));
  const defaults = Object.entries(options as Record<string, { fallback: unknown }>);
  const flags = defaults.filter(
    ([key, { fallback }]) => typeof fallback === "boolean" && !["centralize", "capturable"].includes(key),
  ); // of devices alone
  return [
    form(name),
    ...("weight_decay" in options ? [form(name, { weight_decay: 1e-2 })] : []),
    ...("centralize" in options ? [form(name, { centralize: "all" })] : []),
    ...flags.map(([key, { fallback }]) => form(name, { [key]: fallback !== true })),
  ];
}

export const forms: readonly Form[] = [
  ...listed,
  ...optimizerNames.filter((name) => listed.every(({ optimizer }) => optimizer !== name)).flatMap(formsOf),
];

/** Makes the optimizer of a form, or with other options of its own one that is the same but for what a state dict holds. */
export function make({ optimizer, options, lookahead }: Form, params: object[], own: Options = options): AnyOptimizer {
  const { version } = options;
  const made = new (classOf(optimizer))(params, version === undefined ? own : { ...own, version });
  return lookahead === undefined ? made : new Lookahead(made, lookahead);
}

/** The shapes of the tensors that `Training` trains: a vector, a matrix, a convolution, one that is empty, one element. */
const shapes = [[37], [5, 9], [3, 2, 3, 3], [0], [1]];

const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(3 * i + phase) + 0.1);

/** Five tensors in two groups, of which the second lacks its gradient in every third step. */
export class Training {
  readonly params: (Parameter & { grad: Float32Array | null })[] = shapes.map((shape, k) =>
    parameter(wave(sizeOf(shape), k), { shape, name: `p${k}` }),
  );
  optimizer: AnyOptimizer;
  step = 0;

  constructor(readonly form: Form) {
    this.optimizer = make(form, this.groups);
  }

  /** What a constructor takes for these parameters. */
  get groups(): object[] {
    return [{ params: this.params.slice(0, 2) }, { params: this.params.slice(2) }];
  }

  /** Sets the gradients of the next step, each element multiplied by `factor` and rounded. */
  prepare(factor = 1): void {
    this.step += 1;
    this.params.forEach((p, k) => {
      p.grad = k === 1 && this.step % 3 === 0 ? null : wave(p.data.length, 7 * k + this.step).map((g) => g * factor);
    });
  }

  run(steps: number): this {
    for (let i = 0; i < steps; ++i) {
      this.prepare();
      this.optimizer.step();
    }
    return this;
  }

  /** Everything that training has changed: values and state. */
  get everything(): [string, Float32Array][] {
    return this.params.flatMap((p, k) => {
      const { step, ...arrays } = (this.optimizer.state.get(p) ?? {}) as Record<string, Float32Array>;
      const steps = step === undefined ? [] : [["step", Float32Array.of(Number(step))] as const];
      return [["data", p.data] as const, ...Object.entries(arrays), ...steps].map(([key, array]): [string, Float32Array] => [
        `${key} of parameter ${k}`,
        array,
      ]);
    });
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
