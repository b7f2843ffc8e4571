import { update } from "../lib";
import { addon } from "../lib/native/engine";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { golden, gradientsAt, initialValues, recorded, tensorsIn } from "./helpers/golden";
import { onHost } from "./helpers/placement";
import { begin, replay, train, valuesOf } from "./helpers/replay";

describe("every step has PyTorch's bits", () => {
  it("covers the 29 recorded cases", () => {
    expect(golden.cases).toHaveLength(29);
  });

  describe.each(golden.cases)("$id", (recordedCase) => {
    const { id, version, stream, options, schedule, skip } = recordedCase;

    onEveryBackend("through the class", (backend) => {
      replay(recordedCase, (key, step, values) => {
        expectSameBits(values, recorded(id, key, step), `${id}: ${key} at step ${step}`);
      });
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
          if (skip[step]?.includes(k) === true) return;
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
  it.each(golden.cases)("$id", (one) => {
    const first = begin(one);
    train(first, 1, 6);
    const second = begin(one, onHost, valuesOf(first));
    second.optimizer.loadStateDict(structuredClone(first.optimizer.stateDict()));
    train(second, 7, golden.steps);
    expectSameBits(valuesOf(second), recorded(one.id, "p", golden.steps), `${one.id}: p at the end`);
  });
});
