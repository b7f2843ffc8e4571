// Schedules as data: what test/pytorch/schedules.py runs in PyTorch, run here.
import * as adabelief from "../../lib";
import { AdaBelief, parameter, type Scheduled, type ScheduledGroup, type ScheduleStateDict } from "../../lib";
import { readJson } from "./golden";

export type Spec = [name: string, options: Record<string, unknown>];

export interface Request {
  optimizer: "adam" | "sgd";
  lrs: number[];
  schedulers: Spec[];
  metrics?: number[];
  initial?: number[];
}

export interface Answer {
  lr: number[][];
  momentum: number[][];
  saved: ScheduleStateDict[];
}

/** What every schedule can do. */
interface AnySchedule {
  step(metric?: number): void;
  getLastLr(): number[];
  stateDict(): ScheduleStateDict;
  loadStateDict(saved: ScheduleStateDict): void;
}

const lambdas: Record<string, (epoch: number) => number> = {
  inverse: (epoch) => 1 / (1 + epoch),
  saw: (epoch) => ((epoch % 7) + 1) / 7,
};

const scales: Record<string, (at: number) => number> = {
  halves: (at) => 0.5 ** at,
  fifths: (at) => (at % 5) / 5,
};

const lambdaOf = (name: unknown) => lambdas[name as string];

export function makeSchedule(optimizer: Scheduled, [name, given]: Spec): AnySchedule {
  const options = { ...given };
  if ("schedulers" in options) {
    options["schedulers"] = (options["schedulers"] as Spec[]).map((spec) => makeSchedule(optimizer, spec));
  }
  if ("scale_fn" in options) options["scale_fn"] = scales[options["scale_fn"] as string];
  if ("lr_lambda" in options) {
    const named = options["lr_lambda"];
    options["lr_lambda"] = Array.isArray(named) ? named.map(lambdaOf) : lambdaOf(named);
  }
  const type = (adabelief as unknown as Record<string, new (optimizer: Scheduled, options: object) => AnySchedule>)[name];
  return new (type as NonNullable<typeof type>)(optimizer, options);
}

/** An optimizer with the groups of a request, and its schedules. */
export class Run {
  readonly optimizer: Scheduled;
  readonly schedules: AnySchedule[];
  epoch = 0;

  constructor(readonly request: Request) {
    const groups = request.lrs.map((lr, index) => {
      const initial_lr = request.initial?.[index];
      return { lr, ...(initial_lr === undefined ? {} : { initial_lr }) };
    });
    this.optimizer =
      request.optimizer === "adam"
        ? new AdaBelief(groups.map((group) => ({ params: [parameter(new Float32Array(1))], ...group })))
        : { paramGroups: groups.map((group) => ({ ...group, momentum: 0.5 })) };
    this.schedules = request.schedulers.map((spec) => makeSchedule(this.optimizer, spec));
  }

  step(): void {
    for (const schedule of this.schedules) schedule.step(this.request.metrics?.[this.epoch]);
    ++this.epoch;
  }

  get lr(): number[] {
    return this.optimizer.paramGroups.map((group) => group.lr);
  }

  get momentum(): number[] {
    return this.optimizer.paramGroups.map(({ betas, momentum }) => (betas ? betas[0] : momentum) as number);
  }

  /** Sets what a checkpoint of the optimizer would. */
  setGroups(lr: number[], momentum: number[]): void {
    this.optimizer.paramGroups.forEach((group: ScheduledGroup, index) => {
      group.lr = lr[index] as number;
      const first = momentum[index] as number;
      if (group.betas) group.betas = [first, ...group.betas.slice(1)];
      else group.momentum = first;
    });
  }
}

/** The lr and momentum of every epoch, from 0. */
export function play(request: Request, epochs: number): Pick<Answer, "lr" | "momentum"> {
  const run = new Run(request);
  const rows: Pick<Answer, "lr" | "momentum"> = { lr: [run.lr], momentum: [run.momentum] };
  while (run.epoch < epochs) {
    run.step();
    rows.lr.push(run.lr);
    rows.momentum.push(run.momentum);
  }
  return rows;
}

const read = readJson<{ pytorch: string; cases: Record<string, { request: Request; answer: Answer }> }>("schedules.json");

/** What PyTorch recorded: 60 epochs of each case, and the state dicts at epoch 20. Momentum that stays is given once. */
export const recordedSchedules = Object.entries(read.cases).map(([name, { request, answer }]) => {
  const momentum = answer.lr.map((_, epoch) => answer.momentum[epoch] ?? (answer.momentum[0] as number[]));
  return { name, request, answer: { ...answer, momentum } };
});

/** An optimizer with a group of one parameter for each lr. */
export const make = (...lrs: number[]) => new AdaBelief(lrs.map((lr) => ({ params: [parameter(new Float32Array(2))], lr })));
export const groupOf = (optimizer: Scheduled, index = 0) => optimizer.paramGroups[index] as ScheduledGroup;
export const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
