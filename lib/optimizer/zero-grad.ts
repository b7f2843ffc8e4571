import { requireStream, type StreamOptions } from "../cuda/driver";
import { fillWithZeros, requireUnleased } from "../arrays/placement";
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
    for (const { parameter } of parameters) parameter.grad = null;
    return;
  }
  const gradients = parameters.flatMap((tracked) => {
    const grad = tracked.parameter.grad ?? null;
    if (grad !== null) requireFloats(tracked, grad, role.grad);
    return grad === null ? [] : [grad];
  });
  for (const grad of gradients) requireUnleased(grad, "A gradient");
  for (const grad of gradients) fillWithZeros(grad, stream);
}
