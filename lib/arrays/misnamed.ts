// A gradient under another name than `grad`: its parameter would be left out in silence.
import { isObject } from "../errors";
import { plain } from "../options/kinds";

/** What other libraries call a gradient, in plain form. */
export const gradientNames: readonly string[] = ["g", "grad", "grads", "gradient", "gradients", "dw", "dp", "dx"];

/** A key of an object, or of what it inherits from, that seems to stand for `grad`. */
export function misnamedIn(item: object): string | undefined {
  for (let at: object | null = item; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyNames(at).find((key) => seemsGradient(item, key));
    if (found !== undefined) return found;
  }
  return undefined;
}

const seemsGradient = (item: object, key: string): boolean =>
  key !== "grad" && gradientNames.includes(plain(key)) && isObject(Reflect.get(item, key));

/** What is said of such a key. */
export const misnamed = (key: string): string => ` with ${JSON.stringify(key)}: the gradient's key is "grad"`;
