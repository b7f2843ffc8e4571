// An argument more than a method takes would be ignored: it is refused, and nothing is changed.
import { existsSync } from "node:fs";
import { accumulate, Adam, clipGradNorm, encodeSafetensors, parameter, WeightAverage, type Parameter } from "../lib";
import { fails } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";
import { thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();
const make = () => parameter(Float32Array.of(1), { grad: Float32Array.of(1) });

type Any = Record<string, (...given: unknown[]) => unknown>;
const anyOf = (optimizer: Adam) => optimizer as unknown as Any;

it.each<[string, (optimizer: Adam) => unknown[]]>([
  ["step", () => [{}, {}]],
  ["zeroGrad", () => [{}, {}]],
  ["addParamGroup", () => [{ params: [make()] }, { lr: 5 }]],
  ["stateDict", () => [{}, {}]],
  ["loadStateDict", (optimizer) => [optimizer.stateDict(), {}, {}]],
  ["encodeState", () => [{}, {}]],
  ["swapEma", () => [true]],
  ["reset", () => [true]],
  ["stepAsync", () => [{}, {}]],
  ["saveState", () => [at("unwritten"), {}, {}]],
  ["loadState", (optimizer) => [optimizer.encodeState(), {}, {}]],
])("%s", async (method, given) => {
  const p = make();
  const optimizer = new Adam([p]);
  const arguments_ = given(optimizer);
  const isLater = ["stepAsync", "saveState", "loadState"].includes(method);
  const act = () => anyOf(optimizer)[method]?.apply(optimizer, arguments_);
  const error = isLater ? await fails(act() as Promise<unknown>) : thrownBy(act);
  expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_OPTION" });
  expect(error.message).toMatch(/takes .*(argument|nothing after)/);
  expect([p.data[0], p.grad?.[0], optimizer.paramGroups.length, existsSync(at("unwritten"))]).toEqual([1, 1, 1, false]);
});

it.each<[string, (p: Parameter) => unknown]>([
  ["parameter", ({ data }) => (parameter as Any[string])(data, {}, [1])],
  ["clipGradNorm", (p) => (clipGradNorm as Any[string])([p], 0.5, {}, true)],
  ["accumulate", (p) => (accumulate as Any[string])(p.grad, [Float32Array.of(2)], 1, {}, 2)],
  ["update of a WeightAverage", (p) => (new WeightAverage(new Adam([p])) as unknown as Any)["update"]?.(p)],
  ["swap of a WeightAverage", (p) => (new WeightAverage(new Adam([p])) as unknown as Any)["swap"]?.(p)],
])("%s", (_, act) => {
  const p = make();
  expect(thrownBy(() => act(p))).toMatchObject({ name: "TypeError", code: "ERR_INVALID_OPTION" });
  expect([p.data[0], p.grad?.[0]]).toEqual([1, 1]);
});

it.each<[string, () => unknown]>([
  ["a URL without its class's fields", () => Object.create(URL.prototype) as object],
  [
    "a proxy that throws",
    () =>
      new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error("mine");
          },
        },
      ),
  ],
])("a path that is %s is refused", async (_, path) => {
  const error = await fails(new Adam([make()]).saveState(path() as URL));
  expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
  expect(error.message).toMatch(/^The path of a checkpoint must be a string or a file: URL/);
});

it("a tensor to write whose getter throws is a coded error that names it", () => {
  const tensor = {
    get data(): never {
      throw new Error("mine");
    },
  };
  const error = thrownBy(() => encodeSafetensors({ w: tensor as unknown as Parameter }));
  expect(error).toMatchObject({ code: "ERR_INVALID_PARAMETER", cause: { message: "mine" } });
  expect(error.message).toMatch(/^"w": its getter/);
});
