// The same random training in PyTorch and here, bit for bit: where a python3 with PyTorch is at hand.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdaBelief, parameter, type AdaBeliefVersion } from "../lib";
import { rules } from "../lib/optimizers/adabelief-rules";
import { expectSameBits } from "./helpers/bits";
import { findTorch } from "./helpers/python";

const torch = findTorch();
// From 2.13 on PyTorch's own square root is not correctly rounded any more.
const [major = 0, minor = 0] = (torch?.version ?? "").split(".").map(Number);
const comparable = torch !== undefined && (major < 2 || (major === 2 && minor < 13));

/** Numbers from a seed (xorshift32). */
function makeRandom(seed: number) {
  let state = seed;
  const word = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return { word, below: (limit: number) => word() % limit, unit: () => word() / 2 ** 31 - 1 };
}

interface Case {
  seed: number;
  version: AdaBeliefVersion;
  options: Record<string, unknown>;
  steps: number;
  numbers: Float32Array;
}

const length = 700;

function makeCase(seed: number): Case {
  const random = makeRandom(seed * 2654435761 + 1);
  const pick = <T>(...choices: T[]): T => choices[random.below(choices.length)] as T;
  const version = pick<AdaBeliefVersion>("0.0.5", "0.2.1");
  const options: Record<string, unknown> = {
    ...rules[version].defaults,
    lr: pick(1e-3, 0.1, 1e-5, 0.0123),
    betas: [pick(0.9, 0.5, 0, 0.95, 0.123), pick(0.999, 0.98, 0.9, 0.95, 0)],
    eps: pick(1e-8, 1e-16, 1e-12, 1e-3, 0),
    weight_decay: pick(0, 1e-2, 1e-4, 0.3),
    amsgrad: pick(true, false),
    weight_decouple: pick(true, false),
    fixed_decay: pick(true, false),
    rectify: pick(true, false),
  };
  if (version === "0.2.1") options["degenerated_to_sgd"] = pick(true, false);
  const steps = 3 + random.below(15);
  const special = [0, -0, 1e-45, -3e-39, 1e-20, 3e38, -3e38, Infinity, -Infinity, Number.NaN];
  const scale = pick(1, 1e-3, 1e-18, 1e15);
  const numbers = Float32Array.from({ length: length * (steps + 1) }, () =>
    random.below(200) === 0 ? (special[random.below(special.length)] as number) : random.unit() * scale,
  );
  return { seed, version, options, steps, numbers };
}

function expectPyTorchsBits({ seed, version, options, steps, numbers }: Case, answer: Float32Array): void {
  const p = parameter(numbers.slice(0, length));
  const optimizer = new AdaBelief([p], { version, ...options } as { version: "0.2.1" });
  for (let step = 1; step <= steps; ++step) {
    p.grad = numbers.subarray(step * length, (step + 1) * length);
    optimizer.step();
  }
  const { step: _step, ...states } = optimizer.state.get(p) as NonNullable<ReturnType<typeof optimizer.state.get>>;
  const ours: [string, Float32Array][] = [["data", p.data], ...Object.entries(states as unknown as Record<string, Float32Array>)];
  expect(answer).toHaveLength(ours.length * length);
  ours.forEach(([name, array], k) => {
    expectSameBits(
      array,
      answer.subarray(k * length, (k + 1) * length),
      `seed ${seed}, ${version} ${JSON.stringify(options)}: ${name}`,
    );
  });
}

const sentence = "300 random trainings have the bits of the same tensor operations";
if (!comparable) {
  const why = torch === undefined ? "there is no python3 with PyTorch" : `PyTorch ${torch.version} rounds otherwise`;
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}": ${why}\n`);
}

describe("PyTorch itself", () => {
  (comparable ? it : it.skip)(
    `${sentence} (${torch?.version ?? "not at hand"})`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), "adabelief-torch-"));
      const cases = Array.from({ length: 300 }, (_, k) => makeCase(k + 1));
      const requests = cases.map(({ seed, version, options, steps, numbers }) => {
        const inputs = join(folder, String(seed));
        writeFileSync(inputs, new Uint8Array(numbers.buffer));
        return JSON.stringify({ version, options, steps, inputs });
      });
      const script = join(__dirname, "pytorch", "adabelief.py");
      const { status, stderr } = spawnSync(torch?.python as string, [script], {
        input: `${requests.join("\n")}\n`,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(stderr);
      for (const one of cases) {
        const bytes = readFileSync(join(folder, `${one.seed}.out`));
        expectPyTorchsBits(one, new Float32Array(new Uint8Array(bytes).buffer));
      }
      rmSync(folder, { recursive: true });
    },
    120_000,
  );
});
