// The gradients of whatever holds parameters: a parameter, a group, an optimizer, or an iterable of parameters or groups.
import { isCudaArray } from "../cuda/array";
import { arrayKind, describe, isDetached, isMap, isObject, plainError, rangeError, typeError } from "../errors";
import { touch } from "../foreign";
import { isList, isParameter, meantAsList, meantAsParameter } from "../meant";
import { addon } from "../native/engine";
import type { Parameter } from "../parameter";
import { misnamed, misnamedIn } from "./misnamed";
import { liveLength, nativeOf, placeOf, requireUnleased, type Floats } from "./placement";
import { isSparse } from "./sparse-gradient";

/** What holds a group's parameters. */
interface HasParams {
  readonly params: Parameter<Floats> | Iterable<Parameter<Floats>>;
}

/** What holds groups: an optimizer. */
interface HasGroups {
  readonly paramGroups: Iterable<HasParams>;
}

/** What `clipGradNorm` takes. */
export type Clippable = Parameter<Floats> | HasParams | HasGroups | Iterable<Parameter<Floats>> | Iterable<HasParams>;

const wanted = "parameters, a group or groups, or an optimizer";

const invalid = (what: string, value: unknown, advice = "") =>
  typeError("ERR_INVALID_PARAMETER", `${what}, got ${describe(value)}${advice}`);

/** Every gradient once. Throws unless all of them can be scaled. */
export function clippable(given: unknown): Floats[] {
  const gradients = new Set<Floats>();
  parametersIn(given).forEach((item, index) => {
    const grad = touch({ label: `Parameter ${index}` }, () => gradientOf(item, index));
    if (grad === null) return;
    if (isCudaArray(grad) && grad.disposed) {
      throw plainError("ERR_DISPOSED", `Parameter ${index}: grad was disposed: give it another CudaArray`);
    }
    if (!isCudaArray(grad) && isDetached(grad)) {
      throw typeError("ERR_DETACHED", `Parameter ${index}: grad has lost its memory: make a new array for it`);
    }
    if (liveLength(grad, placeOf(grad) as number) > 0) gradients.add(grad);
  });
  const list = [...gradients];
  for (const grad of list) requireUnleased(grad, "A gradient");
  if (addon.overlap(list.map(nativeOf)) === null) return list;
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
  if (isParameter(given)) return [given];
  if (!isList(given)) {
    if ("params" in given) return parametersOf(given);
    if (!isMap(given) && Object.values(given).length === 0) return [given];
    throw invalid(`clipGradNorm takes ${wanted}`, given, meantAsList(given));
  }
  const items = listOf(given, "The parameters");
  // PyTorch's norm of an empty list is 0. An iterator without items was used up, as a rule.
  if (items.length === 0 && !Array.isArray(given)) {
    throw rangeError("ERR_EMPTY_PARAMETERS", "clipGradNorm got an empty list; was the iterator used up before?");
  }
  return items.flatMap((item, index) => {
    const isGroup = touch({ label: `Item ${index}` }, () => isObject(item) && "params" in item);
    return isGroup ? parametersOf(item) : [item];
  });
}

/** The parameters of a group. */
function parametersOf(group: unknown): unknown[] {
  const params: unknown = isObject(group) && "params" in group ? group.params : undefined;
  if (!isObject(params) || ArrayBuffer.isView(params)) throw invalid("A param group must have params", group);
  if (!isList(params)) return [params];
  const list = listOf(params, "params");
  if (list.length > 0 || Array.isArray(params)) return list;
  throw rangeError("ERR_EMPTY_PARAMETERS", "A param group has no parameter; was its iterator used up before?");
}

function listOf(value: unknown, what: string): unknown[] {
  if (isList(value)) {
    try {
      return [...value];
    } catch (error) {
      if (!(error instanceof TypeError) || "code" in error) throw error;
      throw typeError("ERR_INVALID_PARAMETER", `${what} cannot be iterated over: ${error.message}`, error);
    }
  }
  throw invalid(`${what} must be iterable`, value);
}

function gradientOf(item: unknown, index: number): Floats | null {
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
  if (other !== undefined) throw invalid(what, item, misnamed(other));
  if (!("grad" in item) && placeOf((item as Parameter).data) === undefined) throw invalid(what, item);
  if (grad === null || placeOf(grad) !== undefined) return grad as Floats | null;
  if (isSparse(grad)) {
    throw typeError(
      "ERR_SPARSE",
      `Parameter ${index}: its grad is sparse; step({ maxGradNorm }) clips without writing the gradients`,
    );
  }
  throw typeError("ERR_NOT_FLOAT32", `Parameter ${index}: grad must be a Float32Array or a CudaArray, got ${describe(grad)}`);
}
