import { AdaBelief, parameter, update, type AdaBeliefOptions } from "../lib";
import { addon } from "../lib/native";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { golden, gradientsAt, initialValues, recorded, recordedStates, tensorsIn, type GoldenCase } from "./helpers/golden";

function missing({ skip }: GoldenCase, step: number): readonly number[] {
  return skip[step] ?? [];
}

describe("every step has PyTorch's bits", () => {
  it("covers the 29 recorded cases", () => {
    expect(golden.cases).toHaveLength(29);
  });

  describe.each(golden.cases)("$id", (recordedCase) => {
    const { id, version, stream, options, schedule } = recordedCase;

    onEveryBackend("through the class", (backend) => {
      const whole = initialValues();
      const parameters = tensorsIn(whole).map((data, k) => parameter(data, { shape: golden.shapes[k] as number[] }));
      const optimizer = new AdaBelief(parameters, { version, ...options } as { version: "0.2.1" });

      for (let step = 1; step <= golden.steps; ++step) {
        for (const group of optimizer.paramGroups) group.lr = schedule[step] ?? group.lr;
        const gradients = gradientsAt(stream, step);
        tensorsIn(gradients).forEach((grad, k) => {
          (parameters[k] as { grad: unknown }).grad = missing(recordedCase, step).includes(k) ? null : grad;
        });
        const untouched = gradients.slice();
        expect(optimizer.step().updated).toBe(parameters.length - missing(recordedCase, step).length);
        expectSameBits(gradients, untouched, `${id}: the gradients of step ${step}`);

        if (golden.param_snapshots.includes(step)) expectSameBits(whole, recorded(id, "p", step), `${id}: p at step ${step}`);
        if (!golden.state_snapshots.includes(step)) continue;
        const keys = recordedStates(id, step);
        expect(keys.length).toBeGreaterThanOrEqual(2);
        for (const key of keys) {
          const arrays = parameters.map(
            (p) => (optimizer.state.get(p) as unknown as Record<string, Float32Array>)[key] as Float32Array,
          );
          const joined = Float32Array.from(arrays.flatMap((array) => [...array]));
          expectSameBits(joined, recorded(id, key, step), `${id}: ${key} at step ${step}`);
        }
      }
      expect(addon.lastRan()).toBe(backend);
    });

    onEveryBackend("through the stateless kernel", () => {
      const whole = initialValues();
      const tensors = tensorsIn(whole).map((data) => {
        const zeros = () => new Float32Array(data.length);
        return { data, exp_avg: zeros(), exp_avg_var: zeros(), max_exp_avg_var: zeros(), step: 0 };
      });
      let lr = options["lr"] as number | undefined;
      for (let step = 1; step <= golden.steps; ++step) {
        lr = schedule[step] ?? lr;
        tensorsIn(gradientsAt(stream, step)).forEach((grad, k) => {
          if (missing(recordedCase, step).includes(k)) return;
          const tensor = tensors[k] as (typeof tensors)[number];
          tensor.step += 1;
          update({ ...tensor, grad, version, ...options, ...(lr === undefined ? {} : { lr }) });
        });
        if (golden.param_snapshots.includes(step)) expectSameBits(whole, recorded(id, "p", step), `${id}: p at step ${step}`);
      }
    });
  });
});

describe("a state dict of step 6 continues as if there had been no pause", () => {
  it.each(golden.cases.map(({ id }) => id))("%s", (id) => {
    const { version, stream, options, schedule, skip } = golden.cases.find((one) => one.id === id) as GoldenCase;
    const make = (whole: Float32Array) => {
      const parameters = tensorsIn(whole).map((data) => parameter(data));
      return {
        parameters,
        optimizer: new AdaBelief(parameters, { version, ...options } as AdaBeliefOptions as { version: "0.2.1" }),
      };
    };
    const run = ({ parameters, optimizer }: ReturnType<typeof make>, from: number, to: number) => {
      for (let step = from; step <= to; ++step) {
        for (const group of optimizer.paramGroups) group.lr = schedule[step] ?? group.lr;
        tensorsIn(gradientsAt(stream, step)).forEach((grad, k) => {
          (parameters[k] as { grad: unknown }).grad = skip[step]?.includes(k) ? null : grad;
        });
        optimizer.step();
      }
    };
    const whole = initialValues();
    const first = make(whole);
    run(first, 1, 6);
    const second = make(whole);
    second.optimizer.loadStateDict(structuredClone(first.optimizer.stateDict()));
    run(second, 7, 60);
    expectSameBits(whole, recorded(id, "p", 60), `${id}: p at step 60`);
  });
});
