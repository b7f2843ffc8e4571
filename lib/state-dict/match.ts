// Which group and entry of a dict belongs to which of an optimizer: by place, or by the parameters' names alone.
import { describe, isArray, isObject } from "../errors";
import type { Group } from "../groups/group";
import { namesOf, readNames, type Name } from "./names";
import { refuse, requireRecord } from "./read-state";
import type { LoadReport } from "./types";

/** What belongs to one group of the optimizer. */
export interface MatchedGroup {
  /** The number of the group in the dict whose options it takes; null: it keeps its own. */
  readonly from: number | null;
  /** By which key each of its parameters has its state in the dict; null: the dict has none. */
  readonly keys: readonly (string | null)[];
  /** In which group of the dict each of its parameters is. */
  readonly places: readonly number[];
}

export interface Match {
  readonly groups: readonly MatchedGroup[];
  /** The keys that any group of the dict names. */
  readonly known: ReadonlySet<string>;
  readonly report: Unmatched;
}

/** Names that have no counterpart. */
export type Unmatched = Omit<LoadReport, "converted">;

const nothing: Unmatched = { missing: [], unexpected: [], keptOptions: [] };

/** The keys that a group of a dict names. */
function keysOf(saved: unknown, index: number, seen: Set<string>): string[] {
  requireRecord(saved, `param_groups[${index}]`);
  const { params } = saved;
  if (!isArray(params)) throw refuse(`param_groups[${index}].params must be numbers, got ${describe(params)}`);
  return Array.from(params, (id) => {
    if (typeof id !== "number" && typeof id !== "string") {
      throw refuse(`param_groups[${index}].params must be numbers, got ${describe(id)}`);
    }
    const key = String(id);
    if (seen.has(key)) throw refuse(`param_groups name parameter ${key} twice`);
    seen.add(key);
    return key;
  });
}

/** Group by group and parameter by parameter. */
export function matchByPlace<O extends object>(groups: readonly Group<O>[], saved: readonly unknown[]): Match {
  if (saved.length !== groups.length) {
    throw refuse(`loaded state dict has a different number of parameter groups: ${saved.length}, not ${groups.length}`);
  }
  const known = new Set<string>();
  const matched = groups.map(({ parameters }, from) => {
    const params: unknown = isObject(saved[from]) ? (saved[from] as { params?: unknown }).params : undefined;
    if (isArray(params) && params.length === parameters.length) {
      return { from, keys: keysOf(saved[from], from, known), places: parameters.map(() => from) };
    }
    requireRecord(saved[from], `param_groups[${from}]`);
    throw refuse(`loaded state dict contains a parameter group that doesn't match the size of optimizer's group ${from}`);
  });
  return { groups: matched, known, report: nothing };
}

interface Named {
  readonly name: Name;
  readonly key: string;
  readonly place: number;
}

/** By name, in whichever group. A group takes the options of the one in the dict that all its matched parameters come from. */
export function matchByName<O extends object>(groups: readonly Group<O>[], saved: readonly unknown[]): Match {
  const known = new Set<string>();
  const theirs = saved.flatMap((group, place): Named[] => {
    const keys = keysOf(group, place, known);
    const names = readNames((group as Record<string, unknown>)["param_names"], keys.length);
    if (names === null) throw refuse(`param_groups[${place}].param_names must be ${keys.length} names`);
    return keys.map((key, k) => ({ name: names?.[k] ?? null, key, place }));
  });
  const ours = groups.map(({ parameters }) => namesOf(parameters) ?? parameters.map(() => null));
  requireNames(
    theirs.map(({ name }) => name),
    "the dict",
  );
  requireNames(ours.flat(), "this optimizer");
  const byName = new Map(theirs.flatMap((one) => (one.name === null ? [] : [[one.name, one] as const])));
  requireUnique(ours.flat(), (name) => byName.has(name), "this optimizer");
  const taken = new Set(ours.flat());
  requireUnique(
    theirs.map(({ name }) => name),
    (name) => taken.has(name),
    "the dict",
  );

  const found = ours.map((names) => names.map((name) => (name === null ? undefined : byName.get(name))));
  const matched = found.map((entries) => {
    const places = [...new Set(entries.flatMap((entry) => (entry === undefined ? [] : [entry.place])))];
    return {
      from: places.length === 1 ? (places[0] as number) : null,
      keys: entries.map((entry) => entry?.key ?? null),
      places: entries.map((entry) => entry?.place ?? -1),
    };
  });
  const report = {
    missing: groups.flatMap(({ parameters }, g) => {
      return parameters.flatMap(({ index }, k) => (found[g]?.[k] === undefined ? [ours[g]?.[k] ?? String(index)] : []));
    }),
    unexpected: theirs.flatMap(({ name, key }) => (name !== null && taken.has(name) ? [] : [name ?? key])),
    keptOptions: matched.flatMap(({ from }, index) => (from === null ? [index] : [])),
  };
  return { groups: matched, known, report };
}

function requireNames(names: readonly Name[], whose: string): void {
  if (names.length === 0 || names.some((name) => name !== null)) return;
  throw refuse(
    `strict: false matches parameters by name, and ${whose} has no names: give each a name, parameter(data, { name })`,
  );
}

function requireUnique(names: readonly Name[], matters: (name: string) => boolean, whose: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === null || !matters(name)) continue;
    if (seen.has(name)) {
      throw refuse(`strict: false matches parameters by name, and ${JSON.stringify(name)} stands twice in ${whose}`);
    }
    seen.add(name);
  }
}
