// What follows from the declaration of an optimizer: its defaults, the text that editors show, its row in the documentation.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { AdaBelief, parameter, type AdaBeliefOptions, type Optimizer } from "../lib";
import { addon } from "../lib/native/engine";
import { optimizers } from "../lib/optimizers/list";
import { ruleOf, titleOf, type Rule } from "../lib/rule/rule";
import { fences } from "./helpers/docs";

const root = join(__dirname, "..");
const params = () => [parameter(new Float32Array(4), { grad: new Float32Array(4).fill(1), shape: [2, 2] })];

/** Every declaration, by its title. */
const versions = ["0.2.1", "tf-0.0.1", "tf-0.2.1"].map((version) => new AdaBelief(params(), { version } as AdaBeliefOptions));
const made = [...optimizers.map((Class) => new Class(params())), ...versions] as unknown as Optimizer<{ lr: number }>[];
const declared = made.map((optimizer): [string, Rule<object>, Optimizer<{ lr: number }>] => [
  titleOf(ruleOf(optimizer)),
  ruleOf(optimizer),
  optimizer,
]);

describe.each(declared)("the declaration of %s", (_, rule, optimizer) => {
  it("gives the defaults of the class, each of which passes its own check", () => {
    const group = optimizer.paramGroups[0] as unknown as Record<string, unknown>;
    const options = Object.entries(rule.options) as [
      string,
      { fallback: unknown; read: (value: unknown, key: string) => unknown },
    ][];
    expect(options.length).toBeGreaterThan(0);
    for (const [key, { fallback, read }] of options) {
      if (fallback === undefined) continue;
      expect([key, group[key]]).toEqual([key, fallback]);
      expect([key, read(fallback, key)]).toEqual([key, fallback]);
    }
    expect(Object.keys(group)).toEqual(expect.arrayContaining(options.map(([key]) => key)));
  });

  it("has a step that writes every coefficient of its formula, and nothing else", () => {
    const into = new Float32Array(addon.maxCoefficients).fill(Number.NaN);
    const values = (rule.begin ?? ((options: object) => options))(rule.defaults);
    for (const t of [1, 2, 100]) {
      into.fill(Number.NaN);
      const variant = rule.makeStep()(values, into, t, t === 1);
      const { coefficients, states } = addon.formulas[rule.formula] as (typeof addon.formulas)[string];
      expect([...into.subarray(0, coefficients.length)].some(Number.isNaN)).toBe(false);
      expect([...into.subarray(coefficients.length)].every(Number.isNaN)).toBe(true);
      expect(states[variant]).toBeLessThanOrEqual(rule.states.length);
    }
  });
});

/** "1e-8" and "[0.9, 0.999]" as numbers, "true" as a flag. */
function valueOf(text: string): unknown {
  return JSON.parse(text) as unknown;
}

describe("the text that editors show", () => {
  const program = ts.createProgram([join(root, "lib/index.ts")], { noEmit: true, strict: true, target: ts.ScriptTarget.ESNext });
  const checker = program.getTypeChecker();
  const index = checker.getSymbolAtLocation(program.getSourceFile(join(root, "lib/index.ts")) as ts.SourceFile) as ts.Symbol;
  const exported = new Map(checker.getExportsOfModule(index).map((symbol) => [symbol.name, symbol]));

  /** The documentation of every option of a type, by key. */
  function documented(type: string): Map<string, string> {
    const symbol = exported.get(type) as ts.Symbol;
    const alias = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const properties = checker.getDeclaredTypeOfSymbol(alias).getProperties();
    return new Map(properties.map((one) => [one.name, ts.displayPartsToString(one.getDocumentationComment(checker))]));
  }

  it.each([
    ...optimizers.filter(({ name }) => name !== "AdaBelief").map(({ name }): [string, string] => [name, `${name}Options`]),
    ["AdaBelief 0.0.5", "AdaBeliefGroupOptions"],
    ["AdaBelief 0.2.1", "AdaBeliefGroupOptions021"],
    ["AdaBelief tf-0.0.1", "AdaBeliefGroupOptionsTf001"],
    ["AdaBelief tf-0.2.1", "AdaBeliefGroupOptionsTf021"],
  ])("of %s names the default of every option", (title, type) => {
    const rule = (declared.find(([one]) => one === title) as (typeof declared)[number])[1];
    const texts = documented(type);
    const options = Object.entries(rule.options) as [string, { fallback: unknown }][];
    expect([...texts.keys()].sort()).toEqual(options.map(([key]) => key).sort());
    for (const [key, { fallback }] of options) {
      const [, text] = /Default:? (\[.*?\]|"\w+"|[-\w.+]*\w)/.exec(texts.get(key) as string) ?? [];
      expect([key, text]).not.toEqual([key, undefined]);
      if (fallback !== undefined) expect([key, valueOf(text as string)]).toEqual([key, fallback]);
    }
  });
});

/** "1e-3", "0.95", "6" */
const text = (value: number): string => (value < 0.1 ? value.toExponential() : String(value));

/** The row of an optimizer in the table of the documentation. */
function rowOf({ optimizer, summary, states, lookahead, options }: Rule<object>): string[] {
  const first = states.filter((key) => !key.startsWith("max_")); // the maxima belong to options that are off
  const arrays = [...first, ...(lookahead === undefined ? [] : ["slow_buffer"])].map((key) => `\`${key}\``);
  const defaults = Object.entries(options as Record<string, { fallback: unknown }>).flatMap(([key, { fallback }]) => {
    if (Array.isArray(fallback)) return [`${key} ${fallback.join(", ")}`];
    return typeof fallback === "number" && fallback !== 0 ? [`${key} ${text(fallback)}`] : [];
  });
  return [`\`${optimizer}\``, summary, arrays.join(", ") || "none", defaults.join("; ")];
}

describe("docs/optimizers.md", () => {
  it("has a row for every optimizer, from its declaration", () => {
    const rows = readFileSync(join(root, "docs/optimizers.md"), "utf8")
      .split("\n")
      .filter((line) => /^\| `[A-Z]/.test(line))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    const wanted = declared.slice(0, optimizers.length).map(([, rule]) => rowOf(rule));
    expect(rows).toEqual(wanted);
  });
});

describe("the example of CONTRIBUTING.md", () => {
  const page = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");

  it.each([
    ["cpp", "native/update/eadam.h"],
    ["ts", "lib/optimizers/eadam.ts"],
  ])("has in its %s fence what is in %s", (language, path) => {
    expect(fences(page, language)).toEqual([readFileSync(join(root, path), "utf8")]);
  });
});
