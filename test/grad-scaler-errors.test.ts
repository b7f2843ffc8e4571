// GradScaler refuses invalid input, and steps and updates out of order.
import { GradScaler, Lookahead, SGD } from "../lib";
import { fails } from "./helpers/checkpoint";
import { gradient, make } from "./helpers/grad-scaler";
import { thrownBy } from "./helpers/snapshot";

describe("invalid use is refused", () => {
  const stepped = () => {
    const p = make();
    p.grad = gradient(1);
    return new SGD([p]);
  };
  it.each<[string, () => unknown, string, RegExp]>([
    ["an unknown option", () => new GradScaler({ initScale: 1 } as never), "ERR_UNKNOWN_OPTION", /did you mean "init_scale"/],
    ["a growth factor of 1", () => new GradScaler({ growth_factor: 1 }), "ERR_INVALID_OPTION", /The growth factor must be > 1.0/],
    [
      "a backoff factor of 1",
      () => new GradScaler({ backoff_factor: 1 }),
      "ERR_INVALID_OPTION",
      /The backoff factor must be < 1.0/,
    ],
    ["a backoff factor of 0", () => new GradScaler({ backoff_factor: 0 }), "ERR_INVALID_OPTION", /above 0/],
    ["no interval", () => new GradScaler({ growth_interval: 0 }), "ERR_INVALID_OPTION", /growth_interval must be a whole number/],
    ["a scale beyond float32", () => new GradScaler({ init_scale: 4e38 }), "ERR_INVALID_OPTION", /init_scale must be a float32/],
    ["a scale of 0", () => new GradScaler({ init_scale: 0 }), "ERR_INVALID_OPTION", /init_scale must be a float32/],
    ["a new scale of NaN", () => new GradScaler().update(NaN), "ERR_INVALID_OPTION", /newScale must be a float32/],
    [
      "a word to scale",
      () => new GradScaler().scale("1" as never),
      "ERR_INVALID_OPTION",
      /scale takes a number or a Float32Array/,
    ],
    ["no optimizer", () => new GradScaler().step({} as never), "ERR_OPTIMIZER", /is not an optimizer/],
    ["null for one", () => new GradScaler().step(null as never), "ERR_OPTIMIZER", /null is not an optimizer/],
    [
      "a closure",
      () => new GradScaler().step(stepped(), (() => 1) as never),
      "ERR_CLOSURE",
      /Closure use is not currently supported/,
    ],
    [
      "not to skip",
      () => new GradScaler().step(stepped(), { skipNonFinite: false } as never),
      "ERR_INVALID_OPTION",
      /always steps with/,
    ],
    [
      "a word for skipNonFinite",
      () => new GradScaler().step(stepped(), { skipNonFinite: "no" } as never),
      "ERR_INVALID_OPTION",
      /skipNonFinite must be true or false, got "no"/,
    ],
    [
      "an optimizer whose step returns nothing",
      () => {
        class Silent extends SGD {
          override step(): never {
            super.step();
            return undefined as never;
          }
        }
        const p = make();
        p.grad = gradient(1);
        return new GradScaler().step(new Silent([p]));
      },
      "ERR_OPTIMIZER",
      /must return what super's returns/,
    ],
    [
      "a word for gradScale",
      () => new GradScaler().step(stepped(), { gradScale: "1" as never }),
      "ERR_INVALID_OPTION",
      /gradScale/,
    ],
    ["an option of no step", () => new GradScaler().step(stepped(), { clip: 1 } as never), "ERR_UNKNOWN_OPTION", /"clip"/],
    [
      "an update without a step",
      () => new GradScaler().update(),
      "ERR_GRAD_SCALER",
      /No inf checks were recorded prior to update/,
    ],
    [
      "an update after a step without gradients",
      () => {
        const scaler = new GradScaler();
        scaler.step(new SGD([make()]));
        scaler.update();
      },
      "ERR_GRAD_SCALER",
      /No inf checks were recorded/,
    ],
    [
      "two steps of an optimizer before an update",
      () => {
        const [scaler, optimizer] = [new GradScaler(), stepped()];
        scaler.step(optimizer);
        scaler.step(optimizer);
      },
      "ERR_GRAD_SCALER",
      /step\(\) has already been called since the last update\(\)/,
    ],
    ...(["the Lookahead and then", "and then the Lookahead of", "twice the Lookahead of"] as const).map((order) => {
      const act = () => {
        const scaler = new GradScaler();
        const inner = stepped();
        const outer = new Lookahead(inner);
        const [first, second] = order === "and then the Lookahead of" ? [inner, outer] : [outer, inner];
        scaler.step(first);
        scaler.step(order === "twice the Lookahead of" ? first : second);
      };
      return [`${order} one optimizer`, act, "ERR_GRAD_SCALER", /already been called/] as [string, () => unknown, string, RegExp];
    }),
  ])("%s", (_, act, code, message) => {
    const error = thrownBy(act);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });

  it("and the same by stepAsync, until an update", async () => {
    const scaler = new GradScaler();
    const inner = stepped();
    const outer = new Lookahead(inner);
    const pending = scaler.stepAsync(outer);
    expect(thrownBy(() => scaler.step(inner))).toMatchObject({ code: "ERR_GRAD_SCALER" });
    await pending;
    expect(await fails(scaler.stepAsync(inner))).toMatchObject({ code: "ERR_GRAD_SCALER" });
    scaler.update();
    expect(scaler.step(inner).updated).toBe(1);
  });

  it("and a step that throws may be made again", async () => {
    const p = make();
    const optimizer = new SGD([p]);
    const scaler = new GradScaler();
    p.grad = new Float32Array(1);
    expect(thrownBy(() => scaler.step(optimizer))).toMatchObject({ code: "ERR_LENGTH" });
    expect(await fails(scaler.stepAsync(optimizer))).toMatchObject({ code: "ERR_LENGTH" });
    p.grad = gradient(1);
    scaler.step(optimizer);
    scaler.update();
    expect(scaler.stateDict()._growth_tracker).toBe(1);
  });
});
