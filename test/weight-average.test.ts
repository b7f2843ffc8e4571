// Averages of weights: PyTorch's values, when they are taken, swaps, state dicts and checkpoints.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import {
  AdaBelief,
  Adam,
  CosineAnnealingLR,
  Lookahead,
  SWALR,
  WeightAverage,
  cuda,
  parameter,
  type Parameter,
  type WeightAverageOptions,
} from "../lib";
import { bitsOf, expectSameBits } from "./helpers/bits";
import { temporaryFolder } from "./helpers/folder";
import { itOnDevices } from "./helpers/native-only";
import { torchWithExactBits } from "./helpers/python";
import { make, set, valuesAt } from "./helpers/weight-average";
import { thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();

/** The average of some moments, as the equation has it. */
function averageOf(moments: readonly number[], k: number): Float32Array {
  const { fround } = Math;
  const [first = -1, ...rest] = moments;
  let average = valuesAt(first)[k] as Float32Array;
  rest.forEach((moment, n) => {
    const values = valuesAt(moment)[k] as Float32Array;
    average = average.map((a, i) => fround(a + fround(fround((values[i] as number) - a) / (n + 2))));
  });
  return average;
}

function expectAverages(average: WeightAverage, parameters: readonly Parameter[], moments: readonly number[]): void {
  parameters.forEach((one, k) =>
    expectSameBits(average.get(one) as Float32Array, averageOf(moments, k), `after ${moments.join()}`),
  );
}

describe("update averages", () => {
  it.each<[WeightAverageOptions, number[]]>([
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [{ from: 4 }, [4, 5, 6, 7, 8, 9]],
    [{ every: 3 }, [0, 3, 6, 9]],
    [{ from: 2, every: 5 }, [2, 7]],
    [{ from: 10 }, []],
  ])("with %p the moments %p of ten", (options, moments) => {
    const { parameters, optimizer } = make();
    const average = new WeightAverage(optimizer, options);
    for (let moment = 0; moment < 10; ++moment) {
      set(parameters, moment);
      expect([moment, average.update()]).toEqual([moment, moments.includes(moment)]);
    }
    expect(average.count).toBe(moments.length);
    if (moments.length > 0) expectAverages(average, parameters, moments);
    else expect(average.get(parameters[0] as Parameter)).toBeUndefined();
  });

  itOnDevices("parameters on devices, on the host", () => {
    const there = parameter(cuda.from(valuesAt(0)[0] as Float32Array));
    const optimizer = new AdaBelief([there]);
    const average = new WeightAverage(optimizer);
    average.update();
    there.data.write(valuesAt(1)[0] as Float32Array);
    average.update();
    expectSameBits(average.get(there) as Float32Array, averageOf([0, 1], 0), "average");
    average.swap();
    expectSameBits(there.data.read(), averageOf([0, 1], 0), "swapped");
    average.swap();
    expectSameBits(there.data.read(), valuesAt(1)[0] as Float32Array, "swapped back");
    optimizer.dispose();
  });

  const sentence = "has PyTorch's bits";
  const torch = torchWithExactBits(sentence);
  (torch === undefined ? it.skip : it)(sentence, () => {
    const { parameters, optimizer } = make();
    const average = new WeightAverage(optimizer);
    const moments = Array.from({ length: 40 }, (_, moment) => [...(valuesAt(moment)[1] as Float32Array)]);
    const { stdout, stderr, status } = spawnSync(torch?.python as string, [join(__dirname, "pytorch", "average.py")], {
      input: JSON.stringify(moments),
      encoding: "utf8",
    });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    (JSON.parse(stdout) as number[][]).forEach((wanted, moment) => {
      set(parameters, moment);
      average.update();
      expectSameBits(average.get(parameters[1] as Parameter) as Float32Array, Float32Array.from(wanted), `moment ${moment}`);
    });
  });
});

describe("swap", () => {
  it("puts the averages into the parameters, and back, and nothing else changes", () => {
    const { parameters, optimizer } = make();
    const average = new WeightAverage(optimizer);
    for (const moment of [0, 1, 2]) {
      set(parameters, moment);
      average.update();
    }
    average.swap();
    expect(average.swapped).toBe(true);
    parameters.forEach(({ data }, k) => expectSameBits(data, averageOf([0, 1, 2], k), "swapped"));
    expect(thrownBy(() => average.update())).toMatchObject({ code: "ERR_AVERAGE" });
    average.swap();
    expect(average.swapped).toBe(false);
    parameters.forEach(({ data }, k) => expectSameBits(data, valuesAt(2)[k] as Float32Array, "back"));
    expectAverages(average, parameters, [0, 1, 2]);
  });

  it("needs an average", () => {
    expect(thrownBy(() => new WeightAverage(make().optimizer).swap())).toMatchObject({ code: "ERR_AVERAGE" });
  });
});

describe("a run that was saved and resumed is the run that went on", () => {
  const train = () => {
    const p = parameter(Float32Array.of(1, 2, 3), { name: "p" });
    const optimizer = new Lookahead(new Adam([p], { lr: 0.1 }), { k: 2 });
    const average = new WeightAverage(optimizer, { from: 3, every: 2 });
    const schedules = [new CosineAnnealingLR(optimizer, { T_max: 20 }), new SWALR(optimizer, { swa_lr: 0.05, anneal_epochs: 3 })];
    const run = (from: number, to: number) => {
      for (let epoch = from; epoch < to; ++epoch) {
        p.grad = p.data.map((value, k) => value - k);
        optimizer.step();
        schedules[Number(epoch >= 3)]?.step();
        average.update();
      }
    };
    return { p, optimizer, average, schedules, run };
  };
  const bits = ({ p, average }: ReturnType<typeof train>) => [
    [...bitsOf(p.data)],
    [...bitsOf(average.get(p) ?? new Float32Array(0))],
  ];

  it.each([0, 2, 4, 7])("with a checkpoint after epoch %i", async (epoch) => {
    const first = train();
    first.run(0, epoch);
    const { average, schedules } = first;
    const extra = schedules.map((one) => one.stateDict());
    await first.optimizer.saveState(at("run"), { parameters: true, average, extra });
    first.run(epoch, 12);
    const second = train();
    const loaded = await second.optimizer.loadState<typeof extra>(at("run"), { parameters: true, average: second.average });
    second.schedules.forEach((one, k) => one.loadStateDict(loaded.extra[k] as (typeof extra)[0]));
    second.run(epoch, 12);
    expect(bits(second)).toEqual(bits(first));
    expect(second.average.stateDict()).toEqual(first.average.stateDict());
  });

  it("with state dicts", () => {
    const [first, second] = [train(), train()];
    first.run(0, 8);
    second.optimizer.loadStateDict(first.optimizer.stateDict());
    second.p.data.set(first.p.data);
    second.schedules.forEach((one, k) => one.loadStateDict(first.schedules[k]?.stateDict() as never));
    second.average.loadStateDict(structuredClone(first.average.stateDict()));
    for (const one of [first, second]) one.run(8, 14);
    expect(bits(second)).toEqual(bits(first));
  });

  it("and a checkpoint with averages loads without them", async () => {
    const first = train();
    first.run(0, 6);
    const bytes = first.optimizer.encodeState({ parameters: true, average: first.average });
    const second = train();
    await second.optimizer.loadState(bytes, { parameters: true });
    expectSameBits(second.p.data, first.p.data, "p");
    expect(second.average.count).toBe(0);
    expect(await second.optimizer.loadState(bytes, { strict: false })).toMatchObject({ missing: [], unexpected: [] });
  });
});
