// What was probably meant by something that is no list of parameters, or no parameter. For messages.
import { isCudaArray } from "./cuda/array";
import { arrayKind, isMap } from "./errors";

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isFloats = (value: unknown): boolean => arrayKind(value) !== undefined || isCudaArray(value);

/** Advice on what stands where parameters should: begins with a colon, or is empty. */
export function meantAsList(value: unknown): string {
  if (!isObject(value)) return "";
  if (isMap(value)) return ": of a Map, pass map.values()";
  if (isFloats(value)) return ": wrap it, [parameter(array)]";
  if ("data" in value || "grad" in value) return ": put the parameter into an array, [parameter]";
  if ("params" in value) return ": put the group into an array, [group]";
  const isNamed = Object.values(value).some((item) => isObject(item) && "data" in item);
  return isNamed ? ": of an object of parameters, pass Object.values(object)" : "";
}

/** Advice on what stands where one parameter should. */
export function meantAsParameter(value: unknown): string {
  if (!isObject(value)) return "";
  if (isFloats(value)) return ": wrap it, parameter(array)";
  if (isMap(value)) return ": of a Map, pass map.values()";
  if (!Array.isArray(value)) return "";
  const isNumbers = typeof value[0] === "number";
  if (isNumbers) return ": wrap it, parameter(Float32Array.from(numbers))";
  return typeof value[0] === "string" ? ": of a Map, pass map.values()" : ": flatten the list, list.flat()";
}
