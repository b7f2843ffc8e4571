// Objects of the caller's, of which a getter, a setter or a proxy may throw.
import { describe, isAdaBeliefError, typeError } from "./errors";

/** What has a name for messages. It is asked only where something threw. */
export interface Labelled {
  readonly label: string;
}

/** The error where a caller's object threw. Errors of this package pass. */
export function foreignError({ label }: Labelled, cause: unknown): unknown {
  if (isAdaBeliefError(cause)) return cause;
  const what = `${label}: its getter, setter or proxy threw, and it must not`;
  return typeError("ERR_INVALID_PARAMETER", `${what}: ${messageOf(cause)}`, cause);
}

function messageOf(cause: unknown): string {
  try {
    const message: unknown = (cause as Error).message;
    return typeof message === "string" ? message : describe(cause);
  } catch {
    return describe(cause);
  }
}

/** Runs what looks at a caller's object, or writes to it. */
export function touch<T>(owner: Labelled, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw foreignError(owner, cause);
  }
}

/** The name of an object's class; empty where it has none, or where a look at it throws. */
export function classNameOf(object: object): string {
  try {
    const name: unknown = (object as { constructor?: { name?: unknown } }).constructor?.name;
    return typeof name === "string" ? name : "";
  } catch {
    return "";
  }
}

/** The values of an object, to be shown. */
export function shownValues(object: object): Record<string, unknown> {
  const entries = Object.keys(object).map((key) => {
    try {
      return [key, object[key as never]];
    } catch {
      return [key, "(its getter threw)"];
    }
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}
