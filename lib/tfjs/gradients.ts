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

type Registered = Readonly<Record<string, Variable>>;

/** Finds the variables, and checks that each gradient belongs to its own. */
export function readGradients(gradients: Gradients): VariableGradient[] {
  const { registeredVariables } = tf.engine();
  if (Array.isArray(gradients)) return readList(gradients, registeredVariables);
  if (typeof gradients !== "object" || (gradients as unknown) === null) throw noGradients(gradients);
  return Object.keys(gradients).map((name) => read(name, gradients[name], registeredVariables));
}

function readList(gradients: readonly NamedTensor[], registered: Registered): VariableGradient[] {
  const isNamed = (item: unknown) => typeof item === "object" && item !== null;
  if (!gradients.every(isNamed)) throw noGradients(gradients);
  const seen = new Set<string>();
  return gradients.map(({ name, tensor }) => {
    if (seen.has(name)) {
      throw plainError("ERR_DUPLICATE_PARAMETER", `There are two gradients of the variable ${JSON.stringify(name)}`);
    }
    seen.add(name);
    return read(name, tensor, registered);
  });
}

function read(name: string, given: Tensor | null | undefined, registered: Registered): VariableGradient {
  const variable = Object.hasOwn(registered, name) ? registered[name] : undefined;
  if (variable === undefined) throw invalid(`There is no variable of the name ${JSON.stringify(name)}`);
  if (variable.dtype !== "float32") throw notFloats(`Variable ${JSON.stringify(name)}`, variable);
  const gradient = given ?? null;
  if (gradient !== null) requireFits(gradient, variable);
  return { variable, gradient };
}

const invalid = (message: string) => typeError("ERR_INVALID_PARAMETER", message);

const noGradients = (given: unknown) =>
  invalid(`Gradients must be tensors by name, or a list of { name, tensor }, got ${describe(given)}`);

const notFloats = (what: string, { dtype }: Tensor) =>
  typeError("ERR_NOT_FLOAT32", `${what} must have the dtype float32, not ${dtype}`);

function requireFits(gradient: Tensor, { name, shape }: Variable): void {
  if (gradient instanceof tf.Tensor && !gradient.isDisposed && gradient.dtype === "float32" && isSame(gradient.shape, shape))
    return;
  const what = `The gradient of variable ${JSON.stringify(name)}`;
  if (!(gradient instanceof tf.Tensor)) throw invalid(`${what} must be a tensor, got ${describe(gradient)}`);
  if (gradient.isDisposed) throw invalid(`${what} is disposed`);
  if (gradient.dtype !== "float32") throw notFloats(what, gradient);
  throw typeError("ERR_LENGTH", `${what} must have its shape, [${shape.join(", ")}], not [${gradient.shape.join(", ")}]`);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; ++i) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}
