// The option `ema`, which every optimizer has: a moving average of each parameter, with PyTorch's bits.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Adam, AdaBelief, Lookahead, RangerAdaBelief, SGD, cpu, parameter, update, type Parameter } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { averaged, emaOf, follower, stepTo } from "./helpers/ema";
import { itNatively } from "./helpers/engine";
import { forms, Training, type Form } from "./helpers/family";
import { gradientsAt, initialValues, readJson } from "./helpers/golden";
import { findTorch } from "./helpers/python";
import { makeRandom } from "./helpers/random";
import { thrownBy } from "./helpers/snapshot";

interface Recorded {
  readonly moments: readonly (readonly number[])[];
  readonly averages: readonly { readonly decay: number; readonly after: readonly (readonly number[])[] }[];
}

const floats = (bits: readonly number[]): Float32Array => new Float32Array(Uint32Array.from(bits).buffer);

/** Compares the averages after each moment with PyTorch's. */
function follow(decay: number, moments: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): void {
  const { p, optimizer } = follower(moments[0]?.length as number, { decay });
  moments.forEach((moment, k) => {
    stepTo(optimizer, p, floats(moment));
    expectSameBits(p.data, floats(moment), "the parameter");
    expectSameBits(emaOf(optimizer, p), floats(wanted[k] as number[]), `decay ${decay}, moment ${k}`);
  });
}

describe("the average", () => {
  onEveryBackend("has the bits of PyTorch's AveragedModel, as they were recorded", () => {
    const { moments, averages } = readJson<Recorded>("ema.json");
    expect(averages.length).toBeGreaterThan(5);
    for (const { decay, after } of averages) follow(decay, moments, after);
  });

  const torch = findTorch();
  const sentence = "has the bits of PyTorch's AveragedModel in 40 random trainings";
  if (torch === undefined) process.stderr.write(`\nSKIPPED, not passed: "${sentence}": there is no python3 with PyTorch\n`);
  (torch === undefined ? it.skip : it)(`${sentence} (${torch?.version ?? "not at hand"})`, () => {
    const { pick, word, below } = makeRandom(5);
    const cases = Array.from({ length: 40 }, (_, k): [number, number[][]] => {
      const length = 1 + below(100);
      const moments = Array.from({ length: 6 }, () =>
        Array.from(
          { length },
          () => new Uint32Array(Float32Array.of((word() / 2 ** 31 - 1) * pick([1, 1e-3, 1e20])).buffer)[0] ?? 0,
        ),
      );
      return [k === 0 ? 0.5 : word() / 2 ** 32, moments];
    });
    const { stdout, stderr, status } = spawnSync(torch?.python as string, [join(__dirname, "pytorch", "ema.py")], {
      input: JSON.stringify(cases),
      encoding: "utf8",
    });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    const answers = JSON.parse(stdout) as number[][][];
    cases.forEach(([decay, moments], k) => follow(decay, moments, answers[k] as number[][]));
  });

  itNatively("other threads", "has the same bits for any number of threads, in pieces of any length", async () => {
    const lengths = [0, 1, 4095, 4096, 4097, 300_001];
    const run = async (threads: number, step: "step" | "stepAsync") => {
      const before = cpu.threads;
      cpu.threads = threads;
      try {
        const params = lengths.map((length) => parameter(new Float32Array(length), { grad: new Float32Array(length) }));
        const optimizer = new Adam(params, { lr: 0.1, ema: { decay: 0.9 } });
        for (let t = 1; t <= 3; ++t) {
          for (const { grad } of params) grad?.forEach((_, i) => (grad[i] = Math.sin(i + t)));
          await optimizer[step]();
        }
        return params.map((p) => ({ data: p.data, ema: emaOf(optimizer, p) }));
      } finally {
        cpu.threads = before;
      }
    };
    const one = await run(1, "step");
    for (const others of [await run(2, "step"), await run(2, "stepAsync")]) {
      one.forEach(({ data, ema }, k) => {
        expectSameBits(others[k]?.data as Float32Array, data, `data of ${data.length}`);
        expectSameBits(others[k]?.ema as Float32Array, ema, `average of ${data.length}`);
      });
    }
  });
});

const withoutEma = forms.filter(({ options }) => options["ema"] === undefined);

describe.each(withoutEma.map((form) => [form.title, form] as [string, Form]))("%s", (_, form) => {
  onEveryBackend("averages what its step writes, and steps as it does without", () => {
    const decay = 0.75;
    const plain = new Training(form);
    const averaging = new Training({ ...form, options: { ...form.options, ema: { decay } } });
    const averages: (Float32Array | undefined)[] = plain.params.map(() => undefined);
    for (let step = 1; step <= 7; ++step) {
      plain.run(1);
      averaging.run(1);
      plain.params.forEach(({ data, grad }, k) => {
        const { data: ours } = averaging.params[k] as Parameter;
        expectSameBits(ours, data, `parameter ${k} at step ${step}`);
        const before = averages[k];
        if (grad !== null) averages[k] = before === undefined ? data.slice() : averaged(before, data, decay);
        expectSameBits(emaOf(averaging.optimizer, averaging.params[k] as Parameter), averages[k] as Float32Array, `average ${k}`);
      });
    }
  });
});

describe("the option ema", () => {
  const groupOf = ({ paramGroups }: SGD) => paramGroups[0] as (typeof paramGroups)[number];

  it("belongs to a group", () => {
    const [one, other] = [parameter(new Float32Array(1)), parameter(new Float32Array(1))];
    const optimizer = new SGD([{ params: one, ema: { decay: 0.5 } }, { params: other }], { lr: 1 });
    for (let step = 0; step < 2; ++step) {
      one.grad = other.grad = Float32Array.of(-1);
      optimizer.step();
    }
    expect(optimizer.state.get(one)).toEqual({ step: 2, ema_buffer: Float32Array.of(1.5) });
    expect(optimizer.state.get(other)).toBeUndefined();
  });

  it("has a decay of 0.999 unless it is told otherwise", () => {
    const { optimizer } = follower(1, {});
    expect(groupOf(optimizer).ema).toEqual({ decay: 0.999 });
    expect(optimizer.defaults.ema).toEqual({ decay: 0.999 });
  });

  it("is live: a change of the decay holds from the next step on", () => {
    const { p, optimizer } = follower(1, { decay: 0.5 });
    stepTo(optimizer, p, Float32Array.of(0));
    stepTo(optimizer, p, Float32Array.of(1));
    (groupOf(optimizer).ema as { decay: number }).decay = 0.75;
    stepTo(optimizer, p, Float32Array.of(2.5));
    expect(emaOf(optimizer, p)).toEqual(Float32Array.of(1));
  });

  it("begins with the next step where it is turned on, and forgets the average where it is turned off", () => {
    const { p, optimizer } = follower(1, null);
    stepTo(optimizer, p, Float32Array.of(5));
    groupOf(optimizer).ema = { decay: 0.5 };
    stepTo(optimizer, p, Float32Array.of(3));
    expect(emaOf(optimizer, p)).toEqual(Float32Array.of(3));
    groupOf(optimizer).ema = null;
    expect(optimizer.stateDict().state).toEqual({});
    stepTo(optimizer, p, Float32Array.of(4));
    expect(optimizer.state.get(p)).toBeUndefined();
    groupOf(optimizer).ema = { decay: 0.5 };
    stepTo(optimizer, p, Float32Array.of(7));
    expect(emaOf(optimizer, p)).toEqual(Float32Array.of(7));
  });

  it("leaves everything as it was where the average begins in a step that is refused or left out", () => {
    const { p, optimizer } = follower(2, { decay: 0.5 });
    p.grad = new Float32Array(3);
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_LENGTH" });
    expect(optimizer.state.get(p)).toBeUndefined();
    p.grad = Float32Array.of(NaN, 1);
    expect(optimizer.step({ skipNonFinite: true })).toMatchObject({ updated: 0, skipped: true });
    expect(optimizer.state.get(p)).toBeUndefined();
    stepTo(optimizer, p, Float32Array.of(1, 2));
    expect(emaOf(optimizer, p)).toEqual(Float32Array.of(1, 2));
  });

  it("leaves the average of a parameter without a gradient alone", () => {
    const { p, optimizer } = follower(1, { decay: 0.5 });
    stepTo(optimizer, p, Float32Array.of(1));
    p.data[0] = 9;
    p.grad = null;
    optimizer.step();
    expect(emaOf(optimizer, p)).toEqual(Float32Array.of(1));
  });

  it("averages the parameters after Lookahead's blend, as an option and in RangerAdaBelief", () => {
    const blended = { lookahead: { k: 2, alpha: 0.5 }, ema: { decay: 0.75 } };
    for (const make of [
      (p: Parameter) => new Adam([p], blended),
      (p: Parameter) => new Lookahead(new Adam([p], { ema: { decay: 0.75 } }), blended.lookahead),
      (p: Parameter) => new RangerAdaBelief([p], { k: 2, ema: { decay: 0.75 } }),
    ]) {
      const p = parameter(initialValues());
      const optimizer = make(p);
      let average: Float32Array | undefined;
      for (let step = 1; step <= 6; ++step) {
        p.grad = gradientsAt("normal", step);
        optimizer.step();
        average = average === undefined ? p.data.slice() : averaged(average, p.data, 0.75);
        expectSameBits(emaOf(optimizer, p), average, `step ${step}`);
      }
    }
  });

  it("averages what is written to `out`", () => {
    const { p, optimizer } = follower(1, { decay: 0.5 });
    p.out = new Float32Array(1);
    stepTo(optimizer, p, Float32Array.of(4));
    expect([p.data[0], p.out[0], emaOf(optimizer, p)[0]]).toEqual([-0, 4, 4]);
  });

  it.each([5, "0.9", [0.9], true, { decay: 1.5 }, { decay: -0.1 }, { decay: NaN }, { decay: "0.9" }, { beta: 0.9 }])(
    "refuses %j, in the constructor and where it is assigned",
    (ema) => {
      const refused = expect.objectContaining({
        code: expect.stringMatching(/^ERR_(INVALID|UNKNOWN)_OPTION$/) as string,
      }) as unknown;
      expect(thrownBy(() => follower(1, ema as never))).toEqual(refused);
      const { optimizer } = follower(1, { decay: 0.5 });
      expect(thrownBy(() => (groupOf(optimizer).ema = ema as never))).toEqual(refused);
      expect(groupOf(optimizer).ema).toEqual({ decay: 0.5 });
    },
  );

  it("is refused by update, which keeps no average", () => {
    const one = () => new Float32Array(1);
    const arrays = { data: one(), grad: one(), exp_avg: one(), exp_avg_var: one() };
    expect(thrownBy(() => update({ ...arrays, step: 1, ema: {} }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
    });
  });
});

describe("a state dict with averages", () => {
  const trained = () => {
    const p = parameter(initialValues(), { name: "p" });
    const optimizer = new AdaBelief([p], { ema: { decay: 0.9 } });
    for (let step = 1; step <= 3; ++step) {
      p.grad = gradientsAt("normal", step);
      optimizer.step();
    }
    return { p, optimizer };
  };

  it("has them as ema_buffer, and turns the option on where it is loaded", () => {
    const { p, optimizer } = trained();
    const dict = optimizer.stateDict();
    expect(dict.param_groups[0]).toMatchObject({ ema: { decay: 0.9 } });
    expectSameBits((dict.state["0"] as Record<string, Float32Array>)["ema_buffer"] as Float32Array, emaOf(optimizer, p), "dict");
    const bare = new AdaBelief([parameter(p.data.slice())]);
    bare.loadStateDict(dict);
    expect(bare.stateDict()).toEqual({ ...dict, param_groups: [{ ...dict.param_groups[0], param_names: undefined }] });
  });

  it("turns the option off in a group that it says has none, and leaves it where no group has it", () => {
    const [one, other] = [parameter(new Float32Array(1)), parameter(new Float32Array(1))];
    const mixed = new SGD([{ params: one, ema: { decay: 0.5 } }, { params: other }]).stateDict();
    const optimizer = new SGD([{ params: one }, { params: other }], { ema: {} });
    optimizer.loadStateDict(new SGD([{ params: one }, { params: other }]).stateDict());
    expect(optimizer.paramGroups.map(({ ema }) => ema)).toEqual([{ decay: 0.999 }, { decay: 0.999 }]);
    optimizer.loadStateDict(mixed);
    expect(optimizer.paramGroups.map(({ ema }) => ema)).toEqual([{ decay: 0.5 }, null]);
  });

  it("lets the average begin with the next step where a state has none", () => {
    const { p, optimizer } = trained();
    const dict = optimizer.stateDict();
    delete dict.state["0"]?.["ema_buffer"];
    optimizer.loadStateDict(dict);
    p.grad = gradientsAt("normal", 4);
    optimizer.step();
    expectSameBits(emaOf(optimizer, p), p.data, "average");
  });

  it.each<[string, (dict: ReturnType<AdaBelief["stateDict"]>) => void, RegExp]>([
    [
      "of another length",
      ({ state }) => Object.assign(state["0"] as object, { ema_buffer: new Float32Array(1) }),
      /ema_buffer must have/,
    ],
    [
      "of another type",
      ({ state }) => Object.assign(state["0"] as object, { ema_buffer: [1, 2] }),
      /ema_buffer must be a Float32Array/,
    ],
    [
      "without the option",
      ({ param_groups }) => Object.assign(param_groups[0] as object, { ema: null }),
      /without the option ema/,
    ],
    [
      "with a wrong decay",
      ({ param_groups }) => Object.assign(param_groups[0] as object, { ema: { decay: 2 } }),
      /decay must be/,
    ],
  ])("is refused with averages %s", (_, damage, message) => {
    const { optimizer } = trained();
    const dict = optimizer.stateDict();
    const before = structuredClone(dict);
    damage(dict);
    const error = thrownBy(() => optimizer.loadStateDict(dict));
    expect(error.code).toMatch(/^ERR_(STATE_DICT|INVALID_OPTION)$/);
    expect(error.message).toMatch(message);
    expect(optimizer.stateDict()).toEqual(before);
  });

  it("is not written for PyTorch, whose classes have no such option", () => {
    expect(thrownBy(() => trained().optimizer.stateDict({ pytorch: true }))).toMatchObject({
      code: "ERR_STATE_DICT",
      message: expect.stringContaining("no option ema") as string,
    });
  });
});
