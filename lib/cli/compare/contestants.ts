// Who runs, and with which options: read from the command line, and checked by the classes themselves.
import { rangeError } from "../../errors";
import { Lookahead } from "../../optimizer";
import { optimizers, type OptimizerClass } from "../../optimizers/list";
import { UsageError } from "../arguments";
import type { Problem } from "./problems";
import type { Stepper } from "./run";
import { withSettings, type Settings } from "./settings";

type Params = { data: Float32Array; grad: Float32Array }[];

/** Every optimizer of the package, by its name in lower case. */
const classes = new Map<string, OptimizerClass>(optimizers.map((one) => [one.name.toLowerCase(), one]));

export const optimizerNames: readonly string[] = [...classes.keys()];

export interface Contestant {
  readonly optimizer: string;
  /** What the command line gives, `lookahead` (k, or k and alpha) among it. */
  readonly given: Settings;
}

/** "sgd,lr=0.1,nesterov=true" */
export function readOptimizer(text: string): Contestant {
  const [name, ...pairs] = text.split(",").map((part) => part.trim()) as [string, ...string[]];
  const found = classes.get(name.toLowerCase());
  if (found === undefined) throw new UsageError(`there is no optimizer ${JSON.stringify(name)}: ${optimizerNames.join(", ")}`);
  const given = new Map<string, unknown>();
  for (const pair of pairs) {
    const [key, value] = readPair(pair, `--optimizer ${name}`);
    if (given.has(key)) throw new UsageError(`--optimizer ${name}: ${key} is given twice`);
    given.set(key, readValue(value));
  }
  return { optimizer: found.name, given: Object.fromEntries(given) }; // "__proto__" is a key like any other
}

export interface Sweep {
  readonly key: string;
  readonly values: readonly unknown[];
}

/** "eps=1e-8,1e-12,1e-16" */
export function readSweep(text: string): Sweep {
  const [key, values] = readPair(text, "--sweep");
  const parts = values.split(",").map((part) => part.trim());
  if (parts.includes("")) throw new UsageError(`--sweep ${key}: a value is missing in ${JSON.stringify(values)}`);
  return { key, values: parts.map(readValue) };
}

function readPair(text: string, what: string): [key: string, value: string] {
  const at = text.indexOf("=");
  const [key, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || value === "")
    throw new UsageError(`${what}: ${JSON.stringify(text)} should be an option and its value, as in lr=0.1`);
  return [key, value];
}

/** A number, true, false, several numbers as in 0.9:0.999, or a word. */
function readValue(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  const numbers = text.split(":").map((part) => (part === "" ? Number.NaN : Number(part)));
  if (numbers.some(Number.isNaN)) return text;
  return numbers.length === 1 ? numbers[0] : numbers;
}

/** What `readValue` reads. */
export const formatSettings = (settings: Settings): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(":") : String(value)}`)
    .join(" ");

export const nameOf = ({ optimizer, given }: Contestant): string => `${optimizer} ${formatSettings(given)}`.trim();

/** Every optimizer with every value of every sweep; one that lacks a swept option runs once without it. */
export function combine(optimizers: readonly Contestant[], sweeps: readonly Sweep[]): Contestant[] {
  return sweeps.reduce<readonly Contestant[]>((contestants, { key, values }) => {
    const taken = contestants.find(({ given }) => Object.hasOwn(given, key));
    if (taken !== undefined)
      throw new UsageError(`--sweep ${key}: ${nameOf(taken)} has its ${key} already; leave one of the two out`);
    const withValue = (one: Contestant, value: unknown) => ({ ...one, given: { ...one.given, [key]: value } });
    const swept = contestants.filter((one) => takes(withValue(one, values[0])));
    if (swept.length === 0) {
      throw new UsageError(
        `--sweep ${key}: no option of ${[...new Set(contestants.map(({ optimizer }) => optimizer))].join(", ")}`,
      );
    }
    return contestants.flatMap((one) => (swept.includes(one) ? values.map((value) => withValue(one, value)) : [one]));
  }, optimizers) as Contestant[];
}

/** The options that a contestant runs a problem with. */
export const settingsOf = ({ optimizer, given }: Contestant, problem: Problem): Settings =>
  withSettings(problem, optimizer, given);

/** Makes the optimizer; throws as its class does. */
export function make({ optimizer }: Contestant, settings: Settings, params: Params): Stepper {
  const { lookahead, ...options } = settings;
  const made = new (classes.get(optimizer.toLowerCase()) as OptimizerClass)(params, options);
  if (lookahead === undefined) return made;
  const [k, alpha = 0.5, ...rest] = [lookahead].flat() as number[];
  if (rest.length > 0) throw rangeError("ERR_INVALID_OPTION", `lookahead takes k and alpha, got ${rest.length} more`);
  return new Lookahead(made, { k: k as number, alpha });
}

const place = (): Params => [{ data: new Float32Array(2), grad: new Float32Array(2) }];

/** Whether an optimizer has the options that it is given, be their values right or wrong. */
function takes(one: Contestant): boolean {
  try {
    make(one, one.given, place()).dispose();
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ERR_UNKNOWN_OPTION";
  }
}

/** Refuses contestants that cannot be made, or that are the same one twice. */
export function check(contestants: readonly Contestant[], problems: readonly Problem[]): void {
  const seen = new Set<string>();
  for (const one of contestants) {
    const name = nameOf(one);
    if (seen.has(name)) throw new UsageError(`${name} would run twice: leave one out`);
    seen.add(name);
    for (const problem of problems) {
      try {
        make(one, settingsOf(one, problem), place()).dispose();
      } catch (error) {
        throw new UsageError(`${name}: ${(error as Error).message}`);
      }
    }
  }
}
