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
export function* inPieces(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  const packer = new Packer();
  for (const part of parts) yield* packer.add(part);
  yield packer.rest();
}

/** The bytes of a tensor that are read when it is their turn to be written. */
export class Later {
  constructor(
    /** How many floats they are. */
    readonly length: number,
    readonly pieces: () => AsyncIterable<Uint8Array>,
  ) {}
}

/** The same as `inPieces` for parts of which some are read when it is their turn. */
export async function* inPiecesLater(parts: Iterable<Uint8Array | Later>): AsyncGenerator<Uint8Array> {
  const packer = new Packer();
  for (const part of parts) {
    if (part instanceof Later) for await (const piece of part.pieces()) yield* packer.add(piece);
    else yield* packer.add(part);
  }
  yield packer.rest();
}

class Packer {
  #small: Uint8Array[] = [];
  #size = 0;

  *add(part: Uint8Array): Generator<Uint8Array> {
    if (this.#size + part.length > chunk && this.#size > 0) yield this.rest();
    if (part.length < chunk) {
      this.#small.push(part);
      this.#size += part.length;
    } else for (let at = 0; at < part.length; at += chunk) yield part.subarray(at, at + chunk);
  }

  rest(): Uint8Array {
    const rest = concat(this.#small);
    [this.#small, this.#size] = [[], 0];
    return rest;
  }
}
