// Random training with the elementwise optimizers in PyTorch and here, bit for bit: where a python3 with PyTorch is at hand.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpu, parameter } from "../lib";
import { expectSameBits } from "./helpers/bits";
import { classOf } from "./helpers/family";
import { temporaryFolder } from "./helpers/folder";
import { torchWithExactBits } from "./helpers/python";
import { makeRandom } from "./helpers/random";

const at = temporaryFolder();
const length = 333;

interface Case {
  seed: number;
  optimizer: string;
  options: { lr: number };
  lrs: number[];
  numbers: Float32Array;
}

const optimizers = ["SGD", "Adam", "AdamW", "RAdam", "Yogi", "MSVAG", "AdaBound"];

function makeCase(seed: number): Case {
  const { below, word, pick } = makeRandom(seed);
  const flip = () => below(2) === 0;
  const lr = pick([1e-4, 1e-3, 0.0123, 0.1, 1]);
  const weight_decay = pick([0, 1e-6, 5e-4, 1e-2, 0.3]);
  const betas = [pick([0, 0.123, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99]), pick([0, 0.5, 0.9, 0.98, 0.999, 0.9999])];
  const adaptive = { lr, betas, weight_decay, eps: pick([0, 1e-16, 1e-8, 1e-3, 1]) };
  const momentum = pick([0, 0.5, 0.9, 1]);
  const nesterov = momentum > 0 && flip();
  const optionsOf: Record<string, { lr: number }> = {
    SGD: { ...{ lr, weight_decay, momentum, nesterov }, ...{ dampening: nesterov ? 0 : pick([0, 0.1, 1, -0.5]) } },
    Adam: { ...adaptive, ...{ amsgrad: flip() } },
    AdamW: { ...adaptive, ...{ amsgrad: flip() } },
    RAdam: { ...adaptive, ...{ degenerated_to_sgd: flip() } },
    Yogi: { ...adaptive, ...{ initial_accumulator: pick([0, 1e-6, 0.1]) } },
    MSVAG: { ...{ lr, betas, weight_decay }, ...{ consistent_bias_correction: flip() } },
    AdaBound: { ...adaptive, ...{ final_lr: pick([0, 0.01, 0.1, 1]), gamma: pick([1e-6, 1e-3, 0.5]), amsbound: flip() } },
  };
  const optimizer = optimizers[seed % optimizers.length] as string;
  const lrs = [lr];
  while (lrs.length < 4 + below(12)) lrs.push((lrs.at(-1) as number) * pick([1, 1, 1, 0.1, 0.3, 2]));
  const special = [0, -0, 1e-45, -3e-39, 1e-20, 3e38, -3e38, Infinity, -Infinity, Number.NaN];
  const scale = pick([1, 1e-3, 1e-18, 1e15]);
  const numbers = Float32Array.from({ length: length * (lrs.length + 1) }, () =>
    below(200) === 0 ? pick(special) : (word() / 2 ** 31 - 1) * scale,
  );
  return { seed, optimizer, options: optionsOf[optimizer] as { lr: number }, lrs, numbers };
}

const sentence = "700 random trainings with the family have the bits of PyTorch's tensor operations at every step";
const torch = torchWithExactBits(sentence);

describe("PyTorch itself", () => {
  (torch === undefined ? it.skip : it)(
    `${sentence} (${torch?.version ?? "not at hand"})`,
    () => {
      const cases = Array.from({ length: 700 }, (_, k) => makeCase(k + 1));
      const requests = cases.map(({ seed, numbers, optimizer, options, lrs }) => {
        const inputs = at(String(seed));
        writeFileSync(inputs, new Uint8Array(numbers.buffer));
        return JSON.stringify({ optimizer, options, lrs, inputs });
      });
      const script = join(__dirname, "pytorch", "family.py");
      const { status, stderr } = spawnSync(torch?.python as string, [script], {
        input: `${requests.join("\n")}\n`,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(stderr);
      const before = cpu.backend;
      for (const { seed, optimizer, options, lrs, numbers } of cases) {
        const answer = new Float32Array(new Uint8Array(readFileSync(at(`${seed}.out`))).buffer);
        cpu.backend = cpu.backends[seed % cpu.backends.length] as string;
        const p = parameter(numbers.slice(0, length));
        const made = new (classOf(optimizer))([p], { ...options });
        lrs.forEach((lr, k) => {
          p.grad = numbers.subarray((k + 1) * length, (k + 2) * length);
          (made.paramGroups[0] as { lr: number }).lr = lr;
          made.step();
          const what = `seed ${seed}, ${optimizer} ${JSON.stringify(options)} on ${cpu.backend}: step ${k + 1}`;
          expectSameBits(p.data, answer.subarray(k * length, (k + 1) * length), what);
        });
      }
      cpu.backend = before;
    },
    120_000,
  );
});
