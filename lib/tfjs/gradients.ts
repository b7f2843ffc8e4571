import type { NamedTensorMap, Tensor, Variable } from "@tensorflow/tfjs-core";
import { describe, plainError, typeError } from "../errors";
import { tf } from "./core";
import type { NamedTensor } from "./saved";

/** Both forms in which tfjs hands gradients on. */
export type Gradients = NamedTensorMap | NamedTensor[];

/** A variable, and its gradient; null: it is left as it is. */
export interface VariableGradient {
  readonly variable: Variable;
  readonly gradient: Tensor | null;
}

/** Finds the variables, and checks that each gradient belongs to its own. */
export function readGradients(gradients: Gradients): VariableGradient[] {
  const { registeredVariables } = tf.engine();
  const seen = new Set<string>();
  return entriesOf(gradients).map(([name, given]) => {
    if (seen.has(name)) {
      throw plainError("ERR_DUPLICATE_PARAMETER", `There are two gradients of the variable ${JSON.stringify(name)}`);
    }
    seen.add(name);
    const variable = Object.hasOwn(registeredVariables, name) ? registeredVariables[name] : undefined;
    if (variable === undefined) throw invalid(`There is no variable of the name ${JSON.stringify(name)}`);
    requireFloats(variable, () => `Variable ${JSON.stringify(name)}`);
    const gradient = (given as Tensor | null | undefined) ?? null;
    if (gradient !== null) requireFits(gradient, variable);
    return { variable, gradient };
  });
}

function entriesOf(gradients: unknown): [string, unknown][] {
  const list: unknown[] | undefined = Array.isArray(gradients) ? gradients : undefined;
  const isNamed = (item: unknown): item is NamedTensor => typeof item === "object" && item !== null;
  if (typeof gradients !== "object" || gradients === null || list?.every(isNamed) === false) {
    throw invalid(`Gradients must be tensors by name, or a list of { name, tensor }, got ${describe(gradients)}`);
  }
  return list === undefined ? Object.entries(gradients) : list.map(({ name, tensor }) => [name, tensor]);
}

const invalid = (message: string) => typeError("ERR_INVALID_PARAMETER", message);

function requireFloats({ dtype }: Tensor, what: () => string): void {
  if (dtype !== "float32") throw typeError("ERR_NOT_FLOAT32", `${what()} must have the dtype float32, not ${dtype}`);
}

function requireFits(gradient: Tensor, { name, shape }: Variable): void {
  const what = () => `The gradient of variable ${JSON.stringify(name)}`;
  if (!(gradient instanceof tf.Tensor)) throw invalid(`${what()} must be a tensor, got ${describe(gradient)}`);
  if (gradient.isDisposed) throw invalid(`${what()} is disposed`);
  requireFloats(gradient, what);
  if (tf.util.arraysEqual(gradient.shape, shape)) return;
  throw typeError("ERR_LENGTH", `${what()} must have its shape, [${shape.join(", ")}], not [${gradient.shape.join(", ")}]`);
}
