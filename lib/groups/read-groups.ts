// Groups as callers write them: read and checked as far as that is possible without their parameters.
import { describe, isObject, typeError } from "../errors";
import { touch } from "../foreign";
import { isList, isParameter, meantAsGroup, meantAsList, meantAsParams } from "../meant";
import { knownKeys, type GroupExtras } from "./group";
import { refuseUnknownKeys, requireObject } from "../options/kinds";
import { titleOf, type Rule } from "../rule/rule";
import { readSchema } from "../options/schema";

/** A group as given, checked as far as it can be without looking at its parameters. */
export interface ReadGroup<O> {
  params: unknown[];
  options: O;
  extras: GroupExtras;
}

/** Reads one group that a caller wrote. */
export function readGroup<O extends object>(rule: Rule<O>, given: unknown, defaults: O): ReadGroup<O> {
  const meant = meantAsGroup(given);
  if (meant !== "") throw typeError("ERR_INVALID_PARAMETER", `A param group must have params, got ${describe(given)}${meant}`);
  requireObject(given, "A param group");
  refuseUnknownKeys(given, [...knownKeys(rule), "version"], `A param group of ${titleOf(rule)}`);
  const { params, name, initial_lr, extra, version = rule.version } = given;
  if (version !== rule.version) {
    const wanted = `the optimizer's is ${rule.version ?? "none"}, the group's ${describe(version)}`;
    throw typeError("ERR_INVALID_OPTION", `version belongs to the optimizer, not to a group: ${wanted}`);
  }
  if (name !== undefined && typeof name !== "string") {
    throw typeError("ERR_INVALID_OPTION", `The name of a param group must be a string, got ${describe(name)}`);
  }
  if (initial_lr !== undefined && typeof initial_lr !== "number") {
    throw typeError("ERR_INVALID_OPTION", `The initial_lr of a param group must be a number, got ${describe(initial_lr)}`);
  }
  const extras: GroupExtras = {
    ...(name === undefined ? {} : { name }),
    ...(initial_lr === undefined ? {} : { initial_lr }),
    ...(extra === undefined ? {} : { extra }),
  };
  return { params: paramsOf(params), options: readSchema(rule.options, given, defaults), extras };
}

/** One parameter, or an iterable of them. */
function paramsOf(params: unknown): unknown[] {
  const label = "The params of a param group";
  if (touch({ label }, () => isList(params))) return listOf(params as Iterable<unknown>);
  const advice = touch({ label }, () => isParameter(params)) ? "" : meantAsParams(params);
  if (isObject(params) && advice === "") return [params]; // what it lacks is found when it is tracked
  throw typeError("ERR_INVALID_PARAMETER", `params must be parameters, got ${describe(params)}${advice}`);
}

/** The items of an iterable. Its own errors pass through; the engine's TypeError for a broken iterator gets a code. */
function listOf(iterable: Iterable<unknown>): unknown[] {
  try {
    return [...iterable];
  } catch (error) {
    if (!(error instanceof TypeError) || "code" in error) throw error;
    throw typeError("ERR_INVALID_PARAMETER", `The parameters cannot be iterated over: ${error.message}`, error);
  }
}

/** Reads what a constructor was given: groups where the first item has `params`, else one group of parameters. */
export function readParams<O extends object>(rule: Rule<O>, given: unknown, defaults: O): ReadGroup<O>[] {
  const label = `The parameters of ${rule.optimizer}`;
  if (!touch({ label }, () => isList(given))) {
    const wanted = "an iterable of parameters, or of groups { params, ...options }";
    throw typeError("ERR_INVALID_PARAMETER", `${label} must be ${wanted}, got ${describe(given)}${meantAsList(given)}`);
  }
  const items = listOf(given as Iterable<unknown>);
  const isGroup = (item: unknown) => touch({ label }, () => isObject(item) && "params" in item);
  const grouped = isGroup(items[0]);
  if (items.some((item) => isGroup(item) !== grouped)) {
    throw typeError("ERR_INVALID_PARAMETER", `${rule.optimizer} takes parameters or groups of them, not a mixture`);
  }
  return grouped ? items.map((item) => readGroup(rule, item, defaults)) : [{ params: items, options: defaults, extras: {} }];
}
