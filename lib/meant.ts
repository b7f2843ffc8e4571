// What was probably meant by something that is no list of parameters, no group, or no parameter. For messages.
import { isCudaArray } from "./cuda/array";
import { arrayKind, isArray, isMap, isObject } from "./errors";

const isFloats = (value: unknown): boolean => arrayKind(value) !== undefined || isCudaArray(value);
const isParameter = (value: unknown): boolean => isObject(value) && !isFloats(value) && ("data" in value || "grad" in value);
const isList = (value: unknown): value is object => isObject(value) && Symbol.iterator in value && !isFloats(value);

const map = "map.values()";
const ofOptimizer = "optimizer.paramGroups.flatMap(({ params }) => params)";

/** How parameters are taken out of an object that holds them under names; undefined where it holds none. */
function namedIn(value: object): string | undefined {
  const held: unknown[] = Object.values(value);
  if (held.some(isParameter)) return "Object.values(object)";
  if (held.some(isFloats)) return "Object.values(object).map((array) => parameter(array))";
  if (held.some((item) => isArray(item) && item.some(isParameter))) return "Object.values(object).flat()";
  if (held.some((item) => isMap(item as object))) return "Object.values(object).flatMap((map) => [...map.values()])";
  const isLayer = (item: unknown) => isObject(item) && !isList(item) && Object.values(item).some(isParameter);
  return held.some(isLayer) ? "Object.values(object).flatMap((layer) => Object.values(layer))" : undefined;
}

/** Advice on what stands where parameters should: begins with a colon, or is empty. */
export function meantAsList(value: unknown): string {
  if (!isObject(value)) return "";
  if (isMap(value)) return `: of a Map, pass ${map}`;
  if (isFloats(value)) return ": wrap it, [parameter(array)]";
  if (isParameter(value)) return ": put the parameter into an array, [parameter]";
  if ("paramGroups" in value) return `: of an optimizer, pass its parameters, ${ofOptimizer}`;
  if ("params" in value) return ": put the group into an array, [group]";
  const named = namedIn(value);
  return named === undefined ? "" : `: of an object of parameters, pass ${named}`;
}

/** Advice on what stands where a group should. */
export function meantAsGroup(value: unknown): string {
  if (!isObject(value) || "params" in value) return "";
  if (isMap(value)) return `: of a Map, pass { params: ${map} }`;
  if (isFloats(value)) return ": wrap it, { params: [parameter(array)] }";
  if (isList(value)) return ": make it the params of a group, { params: list }";
  if (isParameter(value)) return ": make it the params of a group, { params: [parameter] }";
  if ("paramGroups" in value) return `: of an optimizer, pass its parameters, { params: ${ofOptimizer} }`;
  const named = namedIn(value);
  return named === undefined ? "" : `: of an object of parameters, pass { params: ${named} }`;
}

/** Advice on what stands where one parameter should. */
export function meantAsParameter(value: unknown): string {
  if (!isObject(value) || isParameter(value)) return "";
  if (isFloats(value)) return ": wrap it, parameter(array)";
  if (isMap(value)) return `: of a Map, pass ${map}`;
  if ("paramGroups" in value) return `: of an optimizer, pass its parameters, ${ofOptimizer}`;
  if (!isArray(value)) {
    const named = namedIn(value);
    return named === undefined ? "" : `: of an object of parameters, pass ${named}`;
  }
  const isNumbers = typeof value[0] === "number";
  if (isNumbers) return ": wrap it, parameter(Float32Array.from(numbers))";
  return typeof value[0] === "string" ? `: of a Map, pass ${map}` : ": flatten the list, list.flat()";
}

/** Advice on what stands where an optimizer should. */
export function meantAsOptimizer(value: unknown): string {
  if (!isObject(value)) return "";
  const isPart = isFloats(value) || isMap(value) || isList(value) || isParameter(value) || "params" in value;
  return isPart || namedIn(value) !== undefined ? ": pass the optimizer itself, not its parameters or groups" : "";
}
