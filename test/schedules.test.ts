// Schedules: PyTorch's recorded values, and that they go on where they were.
import { OneCycleLR, type ScheduleStateDict } from "../lib";
import { Run, play, recordedSchedules, type Request, groupOf, make, throughJson } from "./helpers/schedules";

describe("every lr and momentum is PyTorch's, as recorded", () => {
  it.each(recordedSchedules.map((one) => [one.name, one] as const))("%s", (_, { request, answer }) => {
    expect(answer.lr).toHaveLength(61);
    const { lr, momentum } = play(request, 60);
    expect(lr).toEqual(answer.lr);
    expect(momentum).toEqual(answer.momentum);
  });
});

describe("a state dict that PyTorch wrote is taken over", () => {
  it.each(recordedSchedules.map((one) => [one.name, one] as const))("%s", (_, { request, answer }) => {
    const run = new Run(request);
    run.setGroups(answer.lr[20] as number[], answer.momentum[20] as number[]);
    run.schedules.forEach((schedule, k) => schedule.loadStateDict(answer.saved[k] as ScheduleStateDict));
    for (run.epoch = 20; run.epoch < 60;) {
      run.step();
      expect(run.lr).toEqual(answer.lr[run.epoch]);
    }
  });
});

const warmup: Request = {
  optimizer: "adam",
  lrs: [0.1, 0.003],
  schedulers: [["WarmupDecayLR", { total_steps: 55, warmup_proportion: 0.3, min_lr: 1e-4 }]],
};

describe("a run that was saved and resumed is the run that went on", () => {
  const cases = [...recordedSchedules, { name: "WarmupDecayLR", request: warmup }];
  it.each(cases.map((one) => [one.name, one.request] as const))("%s", (_, request) => {
    const whole = play(request, 60);
    for (const epoch of [0, 1, 8, 20, 38, 53]) {
      const first = new Run(request);
      while (first.epoch < epoch) first.step();
      const saved = throughJson(first.schedules.map((schedule) => schedule.stateDict()));
      const second = new Run(request);
      second.setGroups(first.lr, first.momentum);
      second.schedules.forEach((schedule, k) => schedule.loadStateDict(saved[k] as ScheduleStateDict));
      expect(second.schedules.map((schedule) => schedule.stateDict())).toEqual(saved);
      expect(second.schedules.map((schedule) => schedule.getLastLr())).toEqual(first.schedules.map((one) => one.getLastLr()));
      second.epoch = epoch;
      while (second.epoch < 60) {
        second.step();
        expect([epoch, second.epoch, second.lr]).toEqual([epoch, second.epoch, whole.lr[second.epoch]]);
        expect(second.momentum).toEqual(whole.momentum[second.epoch]);
      }
    }
  });

  it("with an AdaBelief's own state dict, which keeps lr, initial_lr and betas", () => {
    const options = { max_lr: [0.1, 0.02], total_steps: 50 };
    const [one, two] = [make(1, 1), make(1, 1)];
    const [first, second] = [new OneCycleLR(one, options), new OneCycleLR(two, options)];
    for (let step = 0; step < 20; ++step) first.step();
    two.loadStateDict(one.stateDict());
    second.loadStateDict(throughJson(first.stateDict()));
    for (let step = 20; step < 50; ++step) {
      first.step();
      second.step();
      expect(two.paramGroups.map(({ lr, initial_lr, betas }) => [lr, initial_lr, betas])).toEqual(
        one.paramGroups.map(({ lr, initial_lr, betas }) => [lr, initial_lr, betas]),
      );
    }
  });
});

it("a group from PyTorch loads with what its OneCycleLR left there", () => {
  const optimizer = make(1);
  const dict = optimizer.stateDict();
  Object.assign(dict.param_groups[0] as object, { lr: 0.5, max_lr: 1, min_lr: 0, max_momentum: 0.95, base_momentum: 0.85 });
  optimizer.loadStateDict(dict);
  expect(groupOf(optimizer).lr).toBe(0.5);
  expect(groupOf(optimizer)).not.toHaveProperty("max_lr");
});
