import { requireStream, type StreamOptions } from "../cuda/driver";
import { typeError } from "../errors";
import { fillWith, requireUnleased, type Floats } from "../arrays/placement";
import { isSparse } from "../arrays/sparse-gradient";
import { touch } from "../foreign";
import { role } from "../native/engine";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import { requireFloats } from "../step/memory-checks";
import type { TrackedParameter } from "../step/tracked-parameter";

export interface ZeroGradOptions extends StreamOptions {
  /** Sets the gradients to null, which makes the next step skip their parameters. Default false. */
  set_to_none?: boolean;
}

/** Fills the gradients of parameters with zeros, or sets them to null. All checks come first. */
export function zeroGradients(parameters: readonly TrackedParameter[], options: ZeroGradOptions): void {
  requireObject(options, "The options of zeroGrad");
  refuseUnknownKeys(options, ["set_to_none", "stream"], "zeroGrad");
  const { set_to_none = false, stream = 0n } = options as ZeroGradOptions;
  requireStream(stream);
  if (flag(set_to_none, "set_to_none")) {
    setToNone(parameters);
    return;
  }
  const sparse: TrackedParameter[] = [];
  const gradients = parameters.flatMap((tracked) => {
    const grad = tracked.read("grad") ?? null;
    if (grad === null) return [];
    if (isSparse(grad)) {
      sparse.push(tracked);
      return [];
    }
    requireFloats(tracked, grad, role.grad);
    return [grad];
  });
  for (const grad of gradients) requireUnleased(grad, "A gradient");
  setToNone(sparse); // they are zero everywhere then
  for (const grad of gradients) fillWith(0, grad, stream);
}

/** Sets every gradient to null, or none where one cannot be set. */
function setToNone(parameters: readonly TrackedParameter[]): void {
  const present = parameters.flatMap((tracked) => {
    const before = tracked.read("grad") ?? null;
    return before === null ? [] : [{ tracked, before }];
  });
  for (const { tracked } of present) {
    if (!touch(tracked, () => canAssign(tracked.parameter, "grad"))) throw notSet(tracked);
  }
  let done = 0;
  try {
    for (const { tracked } of present) {
      done += 1;
      touch(tracked, () => {
        setNull(tracked);
      });
    }
  } catch (error) {
    for (const { tracked, before } of present.slice(0, done)) putBack(tracked, before);
    throw error;
  }
}

/** A setter or a proxy of the caller's own may refuse, throw, or do nothing. */
function setNull(tracked: TrackedParameter): void {
  const { parameter } = tracked;
  if (!Reflect.set(parameter, "grad", null) || (parameter.grad ?? null) !== null) throw notSet(tracked);
}

function putBack({ parameter }: TrackedParameter, grad: Floats): void {
  try {
    Reflect.set(parameter, "grad", grad);
  } catch {
    // The one that threw: the error says so. The others are still to be put back.
  }
}

const notSet = ({ label }: TrackedParameter) =>
  typeError("ERR_INVALID_PARAMETER", `${label}: its grad cannot be set to null: it is frozen, or its setter does not do it`);

/** Whether an assignment to a property of an object of the caller's can succeed. */
function canAssign(target: object, key: string): boolean {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyDescriptor(at, key);
    if (found === undefined) continue;
    if (!("value" in found)) return found.set !== undefined;
    return found.writable === true && (at === target || Object.isExtensible(target));
  }
  return Object.isExtensible(target);
}
