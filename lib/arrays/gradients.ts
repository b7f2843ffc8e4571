// The gradients of whatever holds parameters: a parameter, a group, an optimizer, or an iterable of parameters or groups.
import { isCudaArray } from "../cuda/array";
import { arrayKind, describe, isDetached, isMap, isObject, lengthOf, plainError, rangeError, typeError } from "../errors";
import { meantAsList, meantAsParameter } from "../meant";
import { addon } from "../native/engine";
import { plain } from "../options/kinds";
import type { Parameter } from "../parameter";
import { isSparse } from "./sparse-gradient";
import { placeOf, requireUnleased, type Floats } from "./placement";

/** What holds a group's parameters. */
interface HasParams {
  readonly params: Parameter<Floats> | Iterable<Parameter<Floats>>;
}

/** What holds groups: an optimizer. */
interface HasGroups {
  readonly paramGroups: Iterable<HasParams>;
}

/** What `clipGradNorm` takes. Its gradients must be on the host. */
export type Clippable = Parameter | HasParams | HasGroups | Iterable<Parameter> | Iterable<HasParams>;

const wanted = "parameters, a group or groups, or an optimizer";

const invalid = (what: string, value: unknown, advice = "") =>
  typeError("ERR_INVALID_PARAMETER", `${what}, got ${describe(value)}${advice}`);

/** Every gradient once. Throws unless all of them can be scaled. */
export function clippable(given: unknown): Float32Array[] {
  const gradients = new Set<Float32Array>();
  parametersIn(given).forEach((item, index) => {
    const grad = gradientOf(item, index);
    if (grad !== null && isDetached(grad)) {
      throw typeError("ERR_DETACHED", `Parameter ${index}: grad has lost its memory: make a new array for it`);
    }
    if (grad !== null && lengthOf(grad) > 0) gradients.add(grad);
  });
  const list = [...gradients];
  for (const grad of list) requireUnleased(grad, "A gradient");
  if (addon.overlap(list) === null) return list;
  const advice = "clipping would scale the shared part twice; copy one of them, or give one array to both parameters";
  throw rangeError("ERR_OVERLAP", `Overlap in memory: two of the gradients. ${advice}`);
}

function parametersIn(given: unknown): unknown[] {
  if (!isObject(given) || ArrayBuffer.isView(given) || isCudaArray(given)) {
    throw invalid(`clipGradNorm takes ${wanted}`, given, isObject(given) ? ": wrap it, parameter(data, { grad })" : "");
  }
  if ("paramGroups" in given) {
    const groups = listOf(given.paramGroups, "paramGroups");
    if (groups.length === 0) throw plainError("ERR_DISPOSED", "This optimizer has no param group; was it disposed?");
    return groups.flatMap((group) => parametersOf(group));
  }
  if (!(Symbol.iterator in given)) {
    if ("params" in given) return parametersOf(given);
    const isParameter = "data" in given || "grad" in given;
    if (isParameter || Object.values(given).length === 0) return [given];
    throw invalid(`clipGradNorm takes ${wanted}`, given, meantAsList(given));
  }
  if (isMap(given)) throw invalid(`clipGradNorm takes ${wanted}`, given, meantAsList(given));
  const items = listOf(given, "The parameters");
  // PyTorch's norm of an empty list is 0. An iterator without items was used up, as a rule.
  if (items.length === 0 && !Array.isArray(given)) {
    throw rangeError("ERR_EMPTY_PARAMETERS", "clipGradNorm got an empty list; was the iterator used up before?");
  }
  return items.flatMap((item) => (isObject(item) && "params" in item ? parametersOf(item) : [item]));
}

/** The parameters of a group. */
function parametersOf(group: unknown): unknown[] {
  const params: unknown = isObject(group) && "params" in group ? group.params : undefined;
  if (!isObject(params) || ArrayBuffer.isView(params)) throw invalid("A param group must have params", group);
  if (!(Symbol.iterator in params)) return [params];
  const list = listOf(params, "params");
  if (list.length > 0 || Array.isArray(params)) return list;
  throw rangeError("ERR_EMPTY_PARAMETERS", "A param group has no parameter; was its iterator used up before?");
}

function listOf(value: unknown, what: string): unknown[] {
  if (isObject(value) && Symbol.iterator in value && !ArrayBuffer.isView(value)) {
    try {
      return [...(value as Iterable<unknown>)];
    } catch (error) {
      if (!(error instanceof TypeError) || "code" in error) throw error;
      throw typeError("ERR_INVALID_PARAMETER", `${what} cannot be iterated over: ${error.message}`, error);
    }
  }
  throw invalid(`${what} must be iterable`, value);
}

/** What other libraries call a gradient, in plain form. */
const gradientNames: readonly string[] = ["g", "grad", "grads", "gradient", "gradients", "dw", "dp", "dx"];

/**
 * A key that seems to stand for `grad`, of an object or of what it inherits from. A parameter with it and without `grad` would be left out in
 * silence.
 */
function misnamedIn(item: object): string | undefined {
  for (let at: object | null = item; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyNames(at).find((key) => seemsGradient(item, key));
    if (found !== undefined) return found;
  }
  return undefined;
}

const seemsGradient = (item: object, key: string): boolean =>
  key !== "grad" && gradientNames.includes(plain(key)) && isObject(Reflect.get(item, key));

function gradientOf(item: unknown, index: number): Float32Array | null {
  const what = `Parameter ${index} must be an object with data and grad`;
  if (!isObject(item) || arrayKind(item) !== undefined || isCudaArray(item)) {
    throw invalid(what, item, meantAsParameter(item));
  }
  if (Array.isArray(item)) throw invalid(what, item, meantAsParameter(item));
  if ("paramGroups" in item) throw invalid(what, item, ": clip the gradients of each optimizer on its own");
  const meant = "grad" in item ? "" : meantAsParameter(item);
  if (meant !== "") throw invalid(what, item, meant);
  const grad: unknown = (item as Parameter).grad ?? null;
  const other = grad === null ? misnamedIn(item) : undefined;
  if (other !== undefined) throw invalid(what, item, ` with ${JSON.stringify(other)}: the gradient's key is "grad"`);
  if (!("grad" in item) && placeOf((item as Parameter).data) === undefined) throw invalid(what, item);
  if (grad === null || arrayKind(grad) === "Float32Array") return grad as Float32Array | null;
  const instead = "step({ maxGradNorm }) clips without writing the gradients";
  if (isSparse(grad)) throw typeError("ERR_SPARSE", `Parameter ${index}: its grad is sparse; ${instead}`);
  const advice = isCudaArray(grad) ? `; on a device, ${instead}` : "";
  throw typeError("ERR_NOT_FLOAT32", `Parameter ${index}: grad must be a Float32Array, got ${describe(grad)}${advice}`);
}
