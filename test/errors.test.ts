// Errors of this package are real TypeErrors, RangeErrors and Errors, and AdaBeliefErrors at the same time.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { AdaBelief, AdaBeliefError, cuda, isAdaBeliefError, parameter, SGD } from "../lib";
import { thrownBy } from "./helpers/snapshot";

const of = (act: () => unknown): Error & { code?: string } => thrownBy(act);
const p = () => parameter(new Float32Array(2), { grad: new Float32Array(2) });

describe("an error of this package", () => {
  it.each<[string, () => unknown, ErrorConstructor]>([
    ["a TypeError", () => new SGD([p()], { lr: "1" as never }), TypeError],
    ["a RangeError", () => new SGD([p()], { lr: -1 }), RangeError],
    ["an Error", () => ((o) => (o.dispose(), o.step()))(new AdaBelief([p()])), Error],
  ])("is %s and an AdaBeliefError", (_, act, Class) => {
    const error = of(act);
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(AdaBeliefError);
    expect(isAdaBeliefError(error)).toBe(true);
    expect(error.code).toMatch(/^ERR_/);
    expect(Object.keys(error)).toEqual(["code"]);
  });

  it("is one where native code makes it", () => {
    const error = cuda.available ? of(() => cuda.wrap({ pointer: 1n, length: 1 })) : of(() => cuda.allocate(1)); // not native, but said where there is no device
    expect(error).toBeInstanceOf(AdaBeliefError);
    expect(error.code).toMatch(/^ERR_CUDA/);
  });

  it("is one for both entries of the package, and in another realm", () => {
    const root = JSON.stringify(join(__dirname, ".."));
    const program = `
      import { createRequire } from "node:module";
      import { AdaBeliefError, SGD } from ${JSON.stringify(pathToFileURL(join(__dirname, "../dist/lib/index.mjs")))};
      const other = createRequire(${root} + "/")("./dist/lib/index.js");
      try { new other.SGD([]); } catch (error) { console.log(error instanceof AdaBeliefError); }
      try { new SGD([]); } catch (error) { console.log(other.isAdaBeliefError(error)); }`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(output).toBe("true\ntrue\n");
    const foreign = runInNewContext(
      `Object.defineProperty(new TypeError("x"), Symbol.for("adabelief.error"), { value: true })`,
    ) as object;
    expect(foreign).not.toBeInstanceOf(Error);
    expect(foreign).toBeInstanceOf(AdaBeliefError);
  });
});

describe("another error is no AdaBeliefError", () => {
  it.each([[new Error("x")], [Object.assign(new Error("x"), { code: "ERR_LENGTH" })], ["ERR_LENGTH"], [null], [undefined], [{}]])(
    "%p",
    (value) => {
      expect(isAdaBeliefError(value)).toBe(false);
      expect((value as unknown) instanceof AdaBeliefError).toBe(false);
    },
  );

  it("and a class that extends it has instances of its own", () => {
    class Mine extends AdaBeliefError {
      readonly code = "ERR_LENGTH";
    }
    expect(new Mine("x")).toBeInstanceOf(Mine);
    expect(of(() => new SGD([]))).not.toBeInstanceOf(Mine);
  });
});
