// Training that moves between PyTorch and Node by way of a checkpoint keeps PyTorch's bits.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rules } from "../lib/optimizers/adabelief-rules";
import { expectSameBits } from "./helpers/bits";
import { fences } from "./helpers/docs";
import { temporaryFolder } from "./helpers/folder";
import { golden, gradientsAt, initialValues, recorded, recordedStates, tensorsIn, type GoldenCase } from "./helpers/golden";
import { findTorch } from "./helpers/python";
import { encode, float32, int64, type RawTensor } from "./helpers/safetensors";
import { onHost } from "./helpers/placement";
import { begin, train } from "./helpers/replay";

const at = temporaryFolder();
/** A schedule may have changed the learning rate before a checkpoint: published dicts have it, constructors do not. */
const lrAt = ({ version, options, schedule }: GoldenCase, step: number): unknown => {
  const changes = Object.keys(schedule).filter((key) => Number(key) <= step);
  return changes.length > 0 ? schedule[changes.at(-1) as string] : (options["lr"] ?? rules[version].defaults.lr);
};

describe("the recorded state of step 6, as the page's Python writes it, continues with the recorded bits", () => {
  it.each(golden.cases.map((one) => [one.id, one] as const))("%s", async (id, one) => {
    const keys = recordedStates(id, 6);
    expect(keys.length).toBeGreaterThanOrEqual(2);
    const tensors: Record<string, RawTensor> = {};
    golden.shapes.forEach((shape, k) => {
      const missed = Object.entries(one.skip).filter(([step, which]) => Number(step) <= 6 && which.includes(k));
      tensors[`state.${k}.step`] = int64(6 - missed.length);
      for (const key of keys) tensors[`state.${k}.${key}`] = float32(tensorsIn(recorded(id, key, 6))[k] as Float32Array, shape);
    });
    golden.shapes.forEach((shape, k) => {
      tensors[`param.${k}`] = float32(tensorsIn(recorded(id, "p", 6))[k] as Float32Array, shape);
    });
    const { betas, eps, weight_decay, amsgrad } = {
      ...(rules[one.version].defaults as unknown as Record<string, unknown>),
      ...one.options,
    };
    const group = { lr: lrAt(one, 6), betas, eps, weight_decay, amsgrad, params: golden.shapes.map((_, k) => k) };
    const metadata = { format_version: "1", state_dict: JSON.stringify({ param_groups: [group] }) };
    writeFileSync(at(id), encode({ metadata, tensors }));

    const whole = new Float32Array(initialValues().length);
    const resumed = begin(one, onHost, whole);
    await resumed.optimizer.loadState(at(id), { parameters: true });
    train(resumed, 7, 60);
    expectSameBits(whole, recorded(id, "p", 60), `${id}: p at step 60`);
    for (const key of recordedStates(id, 60)) {
      const arrays = resumed.parameters.map((p) => resumed.optimizer.state.get(p) as unknown as Record<string, Float32Array>);
      const joined = Float32Array.from(arrays.flatMap((state) => [...(state[key] as Float32Array)]));
      expectSameBits(joined, recorded(id, key, 60), `${id}: ${key} at step 60`);
    }
  });
});

const torch = findTorch();
// From 2.13 on PyTorch's own square root is not correctly rounded any more.
const [major = 0, minor = 0] = (torch?.version ?? "").split(".").map(Number);
const comparable = torch !== undefined && (major < 2 || (major === 2 && minor < 13));
const sentence = "training that goes from PyTorch to Node to PyTorch to Node";
if (!comparable) {
  const why = torch === undefined ? "there is no python3 with PyTorch" : `PyTorch ${torch.version} rounds otherwise`;
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}": ${why}\n`);
}

describe("PyTorch itself", () => {
  interface Request {
    one: GoldenCase;
    values: string | null;
    load: string | null;
    from: number;
    to: number;
    save: string;
  }

  /** Trains in Python: each case from a checkpoint, or from its initial values, to a checkpoint. */
  function inPython(requests: readonly Request[]): void {
    const page = readFileSync(join(__dirname, "..", "docs", "checkpoints.md"), "utf8");
    const [snippet, ...more] = fences(page, "python");
    expect(more).toEqual([]);
    writeFileSync(at("snippet.py"), snippet as string);
    const lines = requests.map(({ one: { version, options, schedule, skip, stream }, ...rest }) => {
      const request = { ...rest, version, schedule, skip, shapes: golden.shapes, gradients: at(stream) };
      return JSON.stringify({ ...request, options: { ...rules[version].defaults, ...options } });
    });
    const { status, stderr } = spawnSync(torch?.python as string, [join(__dirname, "pytorch", "checkpoint.py")], {
      input: `${lines.join("\n")}\n`,
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: at(), PYTHONDONTWRITEBYTECODE: "1" },
    });
    if (status !== 0) throw new Error(stderr);
  }

  (comparable ? it : it.skip)(
    `${sentence} has the recorded bits (${torch?.version ?? "not at hand"})`,
    async () => {
      mkdirSync(at("moving"));
      const path = (one: GoldenCase, step: number) => at("moving", `${one.id}-${step}`);
      writeFileSync(at("initial"), new Uint8Array(initialValues().buffer));
      for (const stream of new Set(golden.cases.map((one) => one.stream))) {
        const rows = Array.from({ length: golden.steps }, (_, k) => Buffer.from(gradientsAt(stream, k + 1).buffer));
        writeFileSync(at(stream), Buffer.concat(rows));
      }
      inPython(golden.cases.map((one) => ({ one, values: at("initial"), load: null, from: 1, to: 6, save: path(one, 6) })));
      for (const one of golden.cases) {
        const whole = new Float32Array(initialValues().length);
        const trained = begin(one, onHost, whole);
        const { extra } = await trained.optimizer.loadState(path(one, 6), { parameters: true });
        expect(extra).toBe("from PyTorch");
        expectSameBits(whole, recorded(one.id, "p", 6), `${one.id}: p at step 6`);
        train(trained, 7, 30);
        await trained.optimizer.saveState(path(one, 30), { parameters: true, extra: { from: ["Node", null, 0.1] } });
      }
      inPython(golden.cases.map((one) => ({ one, values: null, load: path(one, 30), from: 31, to: 45, save: path(one, 45) })));
      for (const one of golden.cases) {
        const whole = new Float32Array(initialValues().length);
        const trained = begin(one, onHost, whole);
        const { extra } = await trained.optimizer.loadState(path(one, 45), { parameters: true });
        expect(extra).toEqual({ from: ["Node", null, 0.1] });
        train(trained, 46, 60);
        expectSameBits(whole, recorded(one.id, "p", 60), `${one.id}: p at step 60`);
      }
    },
    120_000,
  );
});
