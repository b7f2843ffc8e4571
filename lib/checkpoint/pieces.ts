// The parts of a file in pieces: the event loop gets its turn between two.
import { chunk } from "./reader";

/** A Uint8Array over an ArrayBuffer, in the words of any TypeScript: before 5.7 the type had no parameter. */
export type Bytes = ReturnType<Uint8ArrayConstructor["of"]>;

export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Large parts cut, small ones together. */
export function* inPieces(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let size = 0;
  for (const part of parts) {
    if (size + part.length > chunk && size > 0) {
      yield concat(small);
      [small, size] = [[], 0];
    }
    if (part.length < chunk) {
      small.push(part);
      size += part.length;
    } else for (let at = 0; at < part.length; at += chunk) yield part.subarray(at, at + chunk);
  }
  yield concat(small);
}
