// A revoked proxy, of which every look throws, is invalid input like any other: a coded error, wherever it is given.
import * as A from "../lib";
import { fails } from "./helpers/checkpoint";
import { thrownBy } from "./helpers/snapshot";

const revoked = (target: object = {}) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy as never;
};

const make = () => A.parameter(Float32Array.of(1), { grad: Float32Array.of(1) });
const optimizer = () => new A.Adam([make()]);
const [some, list] = [revoked(), revoked([])];

const acts: [string, () => unknown][] = [
  ["new SGD(…)", () => new A.SGD(some)],
  ["new SGD([…])", () => new A.SGD([some])],
  ["new SGD([{ params: … }])", () => new A.SGD([{ params: list }])],
  ["new SGD([parameter], …)", () => new A.SGD([make()], some)],
  ["betas", () => new A.Adam([make()], { betas: list })],
  ["lookahead", () => new A.Adam([make()], { lookahead: some })],
  ["a parameter's data", () => new A.SGD([{ data: some }])],
  ["a parameter's shape", () => new A.SGD([{ data: new Float32Array(1), shape: list }])],
  ["parameter(array, …)", () => A.parameter(new Float32Array(1), some)],
  [
    "addParamGroup",
    () => {
      optimizer().addParamGroup(some);
    },
  ],
  ["step", () => optimizer().step(some)],
  [
    "zeroGrad",
    () => {
      optimizer().zeroGrad(some);
    },
  ],
  ["a live option", () => Object.assign(optimizer().paramGroups[0] as object, { betas: list })],
  ["stateDict", () => optimizer().stateDict(some)],
  [
    "loadStateDict",
    () => {
      optimizer().loadStateDict(some);
    },
  ],
  [
    "loadStateDict, state",
    () => {
      optimizer().loadStateDict({ ...optimizer().stateDict(), state: some });
    },
  ],
  [
    "loadStateDict, an entry",
    () => {
      optimizer().loadStateDict({ ...optimizer().stateDict(), state: { 0: some } });
    },
  ],
  [
    "loadStateDict, param_groups",
    () => {
      optimizer().loadStateDict({ ...optimizer().stateDict(), param_groups: list });
    },
  ],
  [
    "loadStateDict, a group",
    () => {
      optimizer().loadStateDict({ ...optimizer().stateDict(), param_groups: [some] });
    },
  ],
  [
    "loadStateDict, params",
    () => {
      optimizer().loadStateDict({ state: {}, param_groups: [{ params: list }] });
    },
  ],
  ["loadStateDict, strict: false", () => optimizer().loadStateDict({ state: {}, param_groups: [some] }, { strict: false })],
  ["encodeState", () => optimizer().encodeState(some)],
  ["encodeState, extra", () => optimizer().encodeState({ extra: some })],
  ["encodeState, in extra", () => optimizer().encodeState({ extra: [{ a: list }] })],
  ["encodeState, average", () => optimizer().encodeState({ average: some })],
  ["clipGradNorm", () => A.clipGradNorm(some, 1)],
  ["clipGradNorm([…])", () => A.clipGradNorm([some], 1)],
  ["clipGradNorm({ params })", () => A.clipGradNorm({ params: list }, 1)],
  ["clipGradNorm({ paramGroups })", () => A.clipGradNorm({ paramGroups: list }, 1)],
  ["clipGradNorm, options", () => A.clipGradNorm([make()], 1, some)],
  [
    "accumulate",
    () => {
      A.accumulate(new Float32Array(1), list);
    },
  ],
  [
    "accumulate, a source",
    () => {
      A.accumulate(new Float32Array(1), [some]);
    },
  ],
  [
    "update",
    () => {
      A.update(some);
    },
  ],
  ["encodeSafetensors", () => A.encodeSafetensors(some)],
  ["encodeSafetensors, a tensor", () => A.encodeSafetensors({ a: some })],
  ["encodeSafetensors, data", () => A.encodeSafetensors({ a: { data: some } })],
  ["encodeSafetensors, shape", () => A.encodeSafetensors({ a: { data: new Float32Array(1), shape: list } })],
  ["encodeSafetensors, a pair", () => A.encodeSafetensors([list])],
  ["encodeSafetensors, metadata", () => A.encodeSafetensors({}, { metadata: some })],
  ["PolynomialLR", () => new A.PolynomialLR(some)],
  ["PolynomialLR, options", () => new A.PolynomialLR(optimizer(), some)],
  ["a schedule of paramGroups", () => new A.PolynomialLR({ paramGroups: list })],
  ["a schedule of a group", () => new A.PolynomialLR({ paramGroups: [some] })],
  ["MultiStepLR, milestones", () => new A.MultiStepLR(optimizer(), { milestones: list })],
  ["OneCycleLR, max_lr", () => new A.OneCycleLR(optimizer(), { max_lr: list, total_steps: 2 })],
  ["LambdaLR, lr_lambda", () => new A.LambdaLR(optimizer(), { lr_lambda: list })],
  ["SequentialLR, schedulers", () => new A.SequentialLR(optimizer(), { schedulers: list, milestones: [] })],
  ["SequentialLR, a schedule", () => new A.SequentialLR(optimizer(), { schedulers: [some], milestones: [] })],
  [
    "SequentialLR, milestones",
    () => new A.SequentialLR(optimizer(), { schedulers: [new A.StepLR(optimizer(), { step_size: 1 })], milestones: list }),
  ],
  ["ChainedScheduler, schedulers", () => new A.ChainedScheduler(optimizer(), { schedulers: list })],
  [
    "a schedule's dict",
    () => {
      new A.StepLR(optimizer(), { step_size: 1 }).loadStateDict(some);
    },
  ],
  [
    "a list in a schedule's dict",
    () => {
      const s = new A.StepLR(optimizer(), { step_size: 1 });
      s.loadStateDict({ ...s.stateDict(), base_lrs: list });
    },
  ],
  [
    "CyclicLR's dict",
    () => {
      new A.CyclicLR(optimizer(), { base_lr: 0, max_lr: 1 }).loadStateDict(some);
    },
  ],
  ["GradScaler", () => new A.GradScaler(some)],
  ["GradScaler.step", () => new A.GradScaler().step(some)],
  ["GradScaler.step, options", () => new A.GradScaler().step(optimizer(), some)],
  ["GradScaler.scale", () => new A.GradScaler().scale(some)],
  [
    "GradScaler.loadStateDict",
    () => {
      new A.GradScaler().loadStateDict(some);
    },
  ],
  ["WeightAverage", () => new A.WeightAverage(some)],
  ["WeightAverage of groups", () => new A.WeightAverage({ paramGroups: [some] })],
  ["WeightAverage, options", () => new A.WeightAverage(optimizer(), some)],
  [
    "WeightAverage.loadStateDict",
    () => {
      new A.WeightAverage(optimizer()).loadStateDict(some);
    },
  ],
  [
    "WeightAverage.loadStateDict, averages",
    () => {
      const w = new A.WeightAverage(optimizer());
      w.loadStateDict({ ...w.stateDict(), averages: some });
    },
  ],
  ["Lookahead", () => new A.Lookahead(some)],
  ["Lookahead, options", () => new A.Lookahead(optimizer(), some)],
  ["toBFloat16", () => A.toBFloat16(some)],
  ["fromFloat16", () => A.fromFloat16(some)],
];

it.each(acts)("%s", (_, act) => {
  expect(thrownBy(act)).toHaveProperty("code", expect.stringMatching(/^ERR_/));
});

it.each<[string, () => Promise<unknown>]>([
  ["loadState", () => optimizer().loadState(some)],
  ["loadState, options", () => optimizer().loadState(optimizer().encodeState(), some)],
  ["loadState, average", () => optimizer().loadState(optimizer().encodeState(), { average: some })],
  ["saveState", () => optimizer().saveState(some)],
  ["saveState, options", () => optimizer().saveState("unwritten", some)],
  ["stepAsync", () => optimizer().stepAsync(some)],
  ["readSafetensors", () => A.readSafetensors(some)],
  ["readSafetensors, options", () => A.readSafetensors(A.encodeSafetensors({}), some)],
  ["readSafetensors, names", () => A.readSafetensors(A.encodeSafetensors({}), { names: list })],
  ["writeSafetensors", () => A.writeSafetensors("unwritten", some)],
  ["GradScaler.stepAsync", () => new A.GradScaler().stepAsync(some)],
])("%s", async (_, act) => {
  expect(await fails(act())).toHaveProperty("code", expect.stringMatching(/^ERR_/));
});
