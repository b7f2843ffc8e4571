// What was probably meant by something that is no list of parameters, no group, or no parameter. For messages.
import { isCudaArray } from "./cuda/array";
import { arrayKind, isArray, isMap, isObject } from "./errors";

/** Whether a value is an array of numbers, on the host or on a device. */
export const isFloats = (value: unknown): boolean => arrayKind(value) !== undefined || isCudaArray(value);

/** Whether a value is one parameter. It may be iterable as well: then it is no list all the same. */
export const isParameter = (value: unknown): boolean =>
  isObject(value) && !isFloats(value) && ("data" in value || "grad" in value);

/** Whether a value is a list of parameters or of groups. */
export const isList = (value: unknown): value is Iterable<unknown> & object =>
  isObject(value) && Symbol.iterator in value && !isFloats(value) && !isMap(value) && !isParameter(value);

const isGroup = (value: unknown): boolean => isObject(value) && !isList(value) && !isParameter(value) && "params" in value;
const isLayer = (value: unknown): value is object => isObject(value) && !isList(value) && !isFloats(value) && !isMap(value);

const map = "map.values()";
const ofOptimizer = "optimizer.paramGroups.flatMap(({ params }) => params)";
const ofGroups = "groups.flatMap(({ params }) => params)";

/** How deep parameters are looked for. */
const deepest = 6;

/** How parameters are taken out of an object that holds them under names; undefined where it holds none. */
function namedIn(value: object): string | undefined {
  let way = "Object.values(object)";
  let held: unknown[] = Object.values(value);
  for (let depth = 0; depth < deepest && held.length > 0; ++depth) {
    if (held.every(isParameter)) return way;
    if (held.every(isFloats)) return `${way}.map((array) => parameter(array))`;
    if (held.every((item) => isArray(item))) {
      way += ".flat()";
      held = held.flat();
    } else if (held.every((item) => isObject(item) && isMap(item))) {
      way += ".flatMap((map) => [...map.values()])";
      held = held.flatMap((item) => [...(item as Map<unknown, unknown>).values()]);
    } else if (held.every(isLayer)) {
      way += ".flatMap((layer) => Object.values(layer))";
      held = held.flatMap((item) => Object.values(item) as unknown[]);
    } else break;
  }
  const first = firstIn(value, "object", deepest);
  return first === undefined ? undefined : `[${first}, …]`;
}

/** The first parameter or array in an object, as code: where others lie at other depths, this shows how to name them. */
function firstIn(value: object, name: string, depth: number): string | undefined {
  if (depth === 0) return undefined;
  for (const [key, item] of isMap(value) ? [] : (Object.entries(value) as [string, unknown][])) {
    const place = isArray(value)
      ? `${name}[${key}]`
      : /^[A-Za-z_$][\w$]*$/.test(key)
        ? `${name}.${key}`
        : `${name}[${JSON.stringify(key)}]`;
    if (isParameter(item)) return place;
    if (isFloats(item)) return `parameter(${place})`;
    const found = isObject(item) ? firstIn(item, place, depth - 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Makes advice that is empty where a getter or proxy of the value throws. */
const safely =
  (advise: (value: object) => string) =>
  (value: unknown): string => {
    try {
      return isObject(value) ? advise(value) : "";
    } catch {
      return "";
    }
  };

const ofNamed = (value: object, wrap = (list: string) => list): string => {
  const named = namedIn(value);
  return named === undefined ? "" : `: of an object of parameters, pass ${wrap(named)}`;
};

/** Advice on what stands where parameters should: begins with a colon, or is empty. */
export const meantAsList = safely((value) => {
  if (isMap(value)) return `: of a Map, pass ${map}`;
  if (isFloats(value)) return ": wrap it, [parameter(array)]";
  if (isParameter(value)) return ": put the parameter into an array, [parameter]";
  if ("paramGroups" in value) return `: of an optimizer, pass its parameters, ${ofOptimizer}`;
  if ("params" in value) return ": put the group into an array, [group]";
  return ofNamed(value);
});

/** Advice on what stands where a group's params should. */
export const meantAsParams = safely((value) => {
  if (isGroup(value) && !("paramGroups" in value)) return ": of a group, pass its parameters, group.params";
  return meantAsList(value);
});

/** Advice on what stands where a group should. */
export const meantAsGroup = safely((value) => {
  if (isGroup(value)) return "";
  if (isMap(value)) return `: of a Map, pass { params: ${map} }`;
  if (isFloats(value)) return ": wrap it, { params: [parameter(array)] }";
  if (isParameter(value)) return ": make it the params of a group, { params: [parameter] }";
  if (isList(value)) {
    if (isArray(value) && value.some(isGroup))
      return ": add one group at a time, for (const group of groups) addParamGroup(group)";
    return ": make it the params of a group, { params: list }";
  }
  if ("paramGroups" in value) return `: of an optimizer, pass its parameters, { params: ${ofOptimizer} }`;
  return ofNamed(value, (list) => `{ params: ${list} }`);
});

/** Advice on what stands where one parameter should. */
export const meantAsParameter = safely((value) => {
  if (isParameter(value)) return "";
  if (isFloats(value)) return ": wrap it, parameter(array)";
  if (isMap(value)) return `: of a Map, pass ${map}`;
  if ("paramGroups" in value) return `: of an optimizer, pass its parameters, ${ofOptimizer}`;
  if (isGroup(value)) return `: of groups, pass their parameters, ${ofGroups}`;
  if (!isArray(value)) return ofNamed(value);
  if (value.some(isGroup)) return `: of groups, pass their parameters, ${ofGroups}`;
  if (typeof value[0] === "number") return ": wrap it, parameter(Float32Array.from(numbers))";
  return typeof value[0] === "string" ? `: of a Map, pass ${map}` : ": flatten the list, list.flat()";
});

/** Advice on what stands where an optimizer should. */
export const meantAsOptimizer = safely((value) => {
  const isPart = isFloats(value) || isMap(value) || isList(value) || isParameter(value) || "params" in value;
  return isPart || namedIn(value) !== undefined ? ": pass the optimizer itself, not its parameters or groups" : "";
});
