// Schedules in PyTorch and here, value for value: where a python3 with PyTorch is at hand.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findTorch } from "./helpers/python";
import { Run, play, recordedSchedules, type Answer, type Request, type Spec } from "./helpers/schedules";

const torch = findTorch();
const comparable = torch?.version.startsWith("1.13") === true;
const lambdaNames = ["inverse", "saw"];

interface TorchRequest extends Request {
  epochs: number;
  save?: number;
  exact?: boolean;
  resume?: { states: object[]; lr: number[]; momentum: number[] };
}

function askTorch(requests: TorchRequest[]): Answer[] {
  const { status, stdout, stderr } = spawnSync(torch?.python as string, [join(__dirname, "pytorch", "schedules.py")], {
    input: requests.map((request) => `${JSON.stringify(request)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
}

/** The epochs of a recorded case: 250, or as far as its metrics or its cycle of 60 steps go. */
function epochsOf({ schedulers, metrics }: Request): number {
  return metrics?.length ?? (JSON.stringify(schedulers).includes("OneCycleLR") ? 60 : 250);
}

function makeRandomRequest(seed: number): Request {
  let state = seed * 2654435761 + 1;
  const unit = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
  const below = (limit: number) => Math.floor(unit() * limit);
  const pick = <T>(...choices: T[]): T => choices[below(choices.length)] as T;
  const swa_lr = pick<unknown>(unit(), [unit(), unit()]); // PyTorch has one for all SWALRs of an optimizer
  const annealing = () => pick("cos", "linear");
  const simple: (() => Spec)[] = [
    () => ["StepLR", { step_size: 1 + below(40), gamma: pick(0.1, unit(), 1.01) }],
    () => ["MultiStepLR", { milestones: Array.from({ length: below(9) }, () => below(60)), gamma: pick(0.1, unit(), 1.5) }],
    () => ["ExponentialLR", { gamma: pick(0.99, 0.9 + unit() / 10) }],
    () => ["LinearLR", { start_factor: 1 - unit(), end_factor: unit(), total_iters: 1 + below(150) }],
    () => ["CosineAnnealingLR", { T_max: 1 + below(200), eta_min: pick(0, unit() / 1000) }],
    () => ["LambdaLR", { lr_lambda: pick<unknown>(lambdaNames, "saw", "inverse") }],
    () => ["MultiplicativeLR", { lr_lambda: pick<unknown>(lambdaNames, "saw", "inverse") }],
    () => ["ConstantLR", { factor: 1 - unit(), total_iters: 1 + below(150) }],
    () => ["PolynomialLR", { total_iters: 1 + below(200), power: pick(1, 2, unit() * 3) }],
    () => ["CosineAnnealingWarmRestarts", { T_0: 1 + below(40), T_mult: pick(1, 1 + below(3)), eta_min: pick(0, unit() / 1000) }],
    () => ["SWALR", { swa_lr, anneal_epochs: below(60), anneal_strategy: annealing() }],
    () => [
      "CyclicLR",
      {
        base_lr: pick<unknown>(unit() / 100, [unit() / 100, unit() / 1000]),
        max_lr: unit(),
        step_size_up: 1 + below(30),
        step_size_down: 1 + below(30),
        mode: pick("triangular", "triangular2", "exp_range"),
        gamma: 0.9 + unit() / 10,
        cycle_momentum: false,
        ...pick({}, { scale_fn: pick("halves", "fifths"), scale_mode: pick("cycle", "iterations") }),
      },
    ],
  ];
  const cycle = (): Spec => [
    "OneCycleLR",
    {
      max_lr: pick<unknown>(unit(), [unit(), unit()]),
      total_steps: 220,
      pct_start: 0.1 + unit() * 0.4,
      anneal_strategy: annealing(),
      three_phase: pick(true, false),
      cycle_momentum: pick(true, false),
      base_momentum: unit() * 0.8,
      div_factor: 1 + unit() * 50,
    },
  ];
  const one = () => pick(...simple)();
  const sequence = (): Spec => {
    const milestones = Array.from({ length: below(4) }, () => below(180)).sort((a, b) => a - b);
    return ["SequentialLR", { schedulers: [one(), ...milestones.map(one)], milestones }];
  };
  const base = { optimizer: pick("adam" as const, "sgd" as const), lrs: [unit(), unit() / 100] };
  const kind = below(12);
  if (kind < 5) return { ...base, schedulers: [one()] };
  if (kind < 6) return { ...base, schedulers: [one(), one()] };
  if (kind < 7) return { ...base, schedulers: [cycle()] };
  if (kind < 9) return { ...base, schedulers: [sequence()] };
  if (kind < 11) return { ...base, schedulers: [["ChainedScheduler", { schedulers: [pick(sequence, one)(), one(), one()] }]] };
  const options = {
    mode: pick("min", "max"),
    threshold_mode: pick("rel", "abs"),
    threshold: pick(1e-4, 0.05),
    patience: below(6),
    cooldown: below(4),
    factor: unit(),
    min_lr: pick<unknown>(0, [1e-3, 1e-5]),
  };
  const metrics = Array.from({ length: 200 }, (_, epoch) => Math.exp(-epoch / 50) + unit() * 0.1);
  return { ...base, schedulers: [["ReduceLROnPlateau", options]], metrics };
}

function expectTorchs(ours: Pick<Answer, "lr" | "momentum">, answer: Answer, what: string): void {
  if (ours.lr.length !== answer.lr.length) throw new Error(`${what}: ${ours.lr.length} epochs, expected ${answer.lr.length}`);
  ours.lr.forEach((lr, epoch) => {
    expect([what, epoch, lr, ours.momentum[epoch]]).toEqual([what, epoch, answer.lr[epoch], answer.momentum[epoch]]);
  });
}

const sentences = {
  random: "300 random schedules have the values of PyTorch's over 200 epochs",
  bounded: "where its C library rounds a cosine or a power otherwise, the values are within the documented bound",
  recorded: "the recorded cases have its values, over more epochs",
  resumed: "it goes on from a state dict of ours",
};
if (!comparable) {
  const why = torch === undefined ? "there is no python3 with PyTorch" : `PyTorch ${torch.version} is not 1.13`;
  for (const sentence of Object.values(sentences)) process.stderr.write(`\nSKIPPED, not passed: "${sentence}": ${why}\n`);
}

describe(`PyTorch itself (${torch?.version ?? "not at hand"})`, () => {
  const itOrSkip = comparable ? it : it.skip;

  // A C library rounds a cosine or a power in a thousand the other way: where it is not asked, all must be equal.
  itOrSkip(
    sentences.random,
    () => {
      const requests = Array.from({ length: 300 }, (_, k) => makeRandomRequest(k + 1));
      const answers = askTorch(requests.map((request) => ({ ...request, epochs: 200, exact: true })));
      requests.forEach((request, k) => {
        expectTorchs(play(request, 200), answers[k] as Answer, `seed ${k + 1}, ${JSON.stringify(request.schedulers)}`);
      });
    },
    300_000,
  );

  itOrSkip(
    sentences.bounded,
    () => {
      const lrs = [0.1, 0.0037];
      const cosines = Array.from({ length: 200 }, (_, k) => {
        const T_max = k + 1;
        const schedulers: Spec[] = [["CosineAnnealingLR", { T_max, eta_min: (k % 3) * 1e-3 }]];
        return { bound: (T_max ** 2 + 8 * T_max) * 2 ** -53, request: { optimizer: "adam" as const, lrs, schedulers } };
      });
      const cycles = Array.from({ length: 100 }, (_, k) => {
        const schedulers: Spec[] = [["OneCycleLR", { max_lr: lrs, total_steps: 300 + k, three_phase: k % 2 === 1 }]];
        return { bound: 4 * 2 ** -53, request: { optimizer: "adam" as const, lrs, schedulers } };
      });
      const others = Array.from({ length: 100 }, (_, k) => {
        const annealing: Spec = ["SWALR", { swa_lr: 0.05, anneal_epochs: 2 * k + 1 }];
        const specs: [number, Spec][] = [
          [4, ["CosineAnnealingWarmRestarts", { T_0: k + 2, T_mult: 1 + (k % 3), eta_min: (k % 3) * 1e-3 }]],
          [(8 * (2 * k + 1) * 0.1) / 0.0037, annealing],
          [4 * (k + 200), ["PolynomialLR", { total_iters: k + 200, power: 0.5 + k / 70 }]],
          [
            4,
            [
              "CyclicLR",
              { base_lr: 1e-4, max_lr: lrs, step_size_up: 5 + k, mode: "exp_range", gamma: 0.999, cycle_momentum: false },
            ],
          ],
        ];
        return specs.map(([units, spec]) => {
          return { bound: units * 2 ** -53, request: { optimizer: "adam" as const, lrs, schedulers: [spec] } };
        });
      });
      const all = [...cosines, ...cycles, ...others.flat()];
      const answers = askTorch(all.map(({ request }) => ({ ...request, epochs: 300 })));
      all.forEach(({ bound, request }, k) => {
        play(request, 300).lr.forEach((lr, epoch) => {
          lr.forEach((value, index) => {
            const distance = Math.abs(value - (answers[k]?.lr[epoch]?.[index] as number)) / (lrs[index] as number);
            if (!(distance <= bound)) throw new Error(`${JSON.stringify(request.schedulers)}, epoch ${epoch}: ${distance}`);
          });
        });
      });
    },
    60_000,
  );

  itOrSkip(
    sentences.recorded,
    () => {
      const answers = askTorch(recordedSchedules.map(({ request }) => ({ ...request, epochs: epochsOf(request), exact: true })));
      recordedSchedules.forEach(({ name, request }, k) => {
        expectTorchs(play(request, epochsOf(request)), answers[k] as Answer, name);
      });
    },
    60_000,
  );

  itOrSkip(
    sentences.resumed,
    () => {
      const requests = recordedSchedules.map(({ request }) => {
        const run = new Run(request);
        while (run.epoch < 30) run.step();
        const states = run.schedules.map((schedule) => schedule.stateDict());
        const metrics = request.metrics ? { metrics: request.metrics.slice(30) } : {};
        return { ...request, ...metrics, epochs: 30, exact: true, resume: { states, lr: run.lr, momentum: run.momentum } };
      });
      const answers = askTorch(requests);
      recordedSchedules.forEach(({ name, request }, k) => {
        const { lr, momentum } = play(request, 60);
        expectTorchs({ lr: lr.slice(30), momentum: momentum.slice(30) }, answers[k] as Answer, name);
      });
    },
    60_000,
  );
});
