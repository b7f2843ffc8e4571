import { isCudaArray } from "../cuda/array";

// eslint-disable-next-line @typescript-eslint/unbound-method -- it has no `this`
const { isView } = ArrayBuffer;

/** Whether a gradient is a sparse one. Other values pass for arrays, and are refused as such. */
export function isSparse(grad: unknown): boolean {
  if (grad === null || typeof grad !== "object" || isView(grad) || isCudaArray(grad)) return false;
  return "rows" in grad && "values" in grad;
}
