// The lists that both languages use. Native code exports them; here they are checked once, at load.
import { plainError } from "../errors";

/** What native code says of a formula. */
export interface FormulaNames {
  /** The names of the coefficients, in their order. */
  readonly coefficients: readonly string[];
  /** The choices of a variant, the first of which varies fastest. */
  readonly choices: readonly { readonly name: string; readonly values: readonly string[] }[];
  /** How many state arrays each variant needs. */
  readonly states: readonly number[];
  /** Whether a step needs the norms of the tensor and of its gradient. */
  readonly norms: boolean;
}

/** The lists that every engine exports: native/lists.cpp. */
export interface Lists {
  readonly formulas: Readonly<Record<string, FormulaNames>>;
  /** What every set of coefficients begins with. */
  readonly commonCoefficients: readonly string[];
  /** The length of a set of coefficients. */
  readonly maxCoefficients: number;
  readonly host: number;
  readonly rowStates: Readonly<Record<string, number>>;
  readonly stages: Readonly<Record<string, number>>;
  readonly roles: Readonly<Record<string, number>>;
  readonly gradients: Readonly<Record<string, number>>;
  readonly live: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, number>>;
  readonly problems: Readonly<Record<string, number>>;
  readonly elementTypes: Readonly<Record<string, number>>;
  readonly backendChoices: Readonly<Record<string, number>>;
}

/** What a program of lib/rule/program.ts is made of. */
const operationNames = [
  ...(["number", "step", "power", "add", "subtract", "multiply", "divide", "negate", "root"] as const),
  ...(["less", "at_least", "choose", "store", "variant"] as const),
];

/** What every set of coefficients begins with. */
const commonNames = ["decay", "alpha", "maximize", "ema_weight"] as const;
type CommonName = (typeof commonNames)[number];

const other = (what: string, found: readonly string[], wanted: readonly string[], cause?: unknown) =>
  plainError(
    "ERR_NO_BINARY",
    `The binary of adabelief belongs to another release: ${what} has ${found.join(", ")} there and ${wanted.join(", ")} here. ` +
      "Install the package again, or build it again where it was built from source.",
    cause,
  );

/** Reads an engine's lists. Binaries of other releases may have none. */
export function parseLists(lists: unknown): Lists {
  if (typeof lists !== "string") throw other("the list of lists", [], ["lists"]);
  try {
    return JSON.parse(lists) as Lists;
  } catch (cause) {
    throw other("the list of lists", [lists.slice(0, 40)], ["lists"], cause);
  }
}

/** Throws unless both sides have the same names, in any order. */
export function requireSameNames(what: string, found: readonly string[] = [], wanted: readonly string[]): void {
  const same = found.length === wanted.length && wanted.every((name) => found.includes(name));
  if (!same || new Set(wanted).size !== wanted.length) throw other(what, found, wanted);
}

/** A list of numbers by name. */
function numbers<N extends string>(what: string, list: Readonly<Record<string, number>> = {}, names: readonly N[]) {
  requireSameNames(what, Object.keys(list), names);
  return Object.freeze({ ...list }) as Readonly<Record<N, number>>;
}

/** Checks the lists, and gives them their types. */
export function readLists(lists: Lists) {
  const { formulas, maxCoefficients, host } = lists as Partial<Lists>;
  if (typeof formulas !== "object" || typeof maxCoefficients !== "number" || typeof host !== "number") {
    throw other("the list of lists", Object.keys(lists), ["formulas", "maxCoefficients", "host"]);
  }
  requireSameNames("the list of common coefficients", lists.commonCoefficients, commonNames);
  return {
    /** In the place of a device's number: the memory of the processor. */
    host: lists.host,
    /** In the place of a set of coefficients: a row that is not updated; and one whose memory is not known. */
    rowState: numbers("the list of row states", lists.rowStates, ["skipped", "ignored"]),
    /** What happens around a formula, one bit each. */
    stage: numbers("the list of stages", lists.stages, ["centralize", "centralizeConv", "begin", "blend", "beginEma", "ema"]),
    /** What an array is to its parameter. From `state` on they are state arrays; `slow` is Lookahead's, `ema` the moving average. */
    role: numbers("the list of roles", lists.roles, ["data", "out", "grad", "state", "slow", "ema"]),
    /** What a step does to all gradients and what it found, by place in an array of numbers; `count` is its length. */
    gradients: numbers("the list of gradients", lists.gradients, [
      "scale",
      "clip",
      "maxNorm",
      "skipNonFinite",
      "norm",
      "skipped",
      "slot",
      "capturable",
      "oneCount",
      "leftOnDevice",
      "slotFloats",
      "count",
    ]),
    /** The place of each coefficient that all sets have. */
    common: Object.fromEntries(commonNames.map((name) => [name, lists.commonCoefficients.indexOf(name)])) as Record<
      CommonName,
      number
    >,
    /** The layout of what a device must know of a set of coefficients, in bytes. */
    live: numbers("the layout of live sets", lists.live, [
      "bytes",
      "coefficients",
      "numbers",
      "interval",
      "program",
      "most",
      "rowBytes",
    ]),
    /** What a program is made of. */
    operation: numbers("the list of operations", lists.operations, operationNames),
    /** Why an array cannot be used. */
    problem: numbers("the list of problems", lists.problems, [
      "notFloat32",
      "detached",
      "otherLength",
      "notDevice",
      "otherDevice",
      "disposed",
    ]),
    /** The types of arrays. */
    elementType: numbers("the list of element types", lists.elementTypes, ["float32", "bfloat16", "float16"]),
    /** What became of the choice of a backend. */
    backendChoice: numbers("the list of backend choices", lists.backendChoices, ["chosen", "unknown", "unsupported", "busy"]),
  };
}

/** The lists with their types. */
export type CheckedLists = ReturnType<typeof readLists>;
