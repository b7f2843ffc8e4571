// Bytes that are read from the first to the last, with the checksum of what was read.
import { arrayKind, isDetached, isObject, plainError, typeError } from "../errors";
import { crc32 } from "./crc32";

/** How many bytes are read, written or summed up at once: the event loop gets its turn in between. */
export const chunk = 1 << 22;

/** Bytes of known length: a file, or what is in memory already. */
export interface Source {
  readonly length: number;
  /** Reads bytes from a position on, at least one where there is one. Returns how many. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Throws where bytes were transferred away since the reading began. */
export function requireAttached(bytes: Uint8Array): void {
  if (isDetached(bytes)) throw typeError("ERR_DETACHED", "The bytes have lost their memory while they were read");
}

/** Bytes in memory, or in a Blob. Null for anything else. */
export function openBytes(given: unknown): SequentialReader | null {
  const close = () => Promise.resolve();
  if (arrayKind(given) === "Uint8Array") {
    const bytes = given as Uint8Array;
    const read = (into: Uint8Array, position: number) => {
      requireAttached(bytes);
      const piece = bytes.subarray(position, position + into.length);
      into.set(piece);
      return Promise.resolve(piece.length);
    };
    return new SequentialReader({ length: bytes.length, read, close });
  }
  if (!isObject(given) || !(given instanceof Blob)) return null;
  const read = async (into: Uint8Array, position: number) => {
    const piece = new Uint8Array(await given.slice(position, position + into.length).arrayBuffer());
    into.set(piece.subarray(0, into.length)); // a subclass may answer with more
    return Math.min(piece.length, into.length);
  };
  return new SequentialReader({ length: given.size, read, close });
}

/** Reads bytes in order: large parts straight into their place, small ones by way of a buffer. */
export class SequentialReader {
  /** The CRC-32 of all that was handed out. */
  checksum = 0;
  #position = 0;
  readonly #buffer: Uint8Array;
  #begin = 0;
  #end = 0;

  constructor(private readonly source: Source) {
    this.#buffer = new Uint8Array(Math.min(source.length, chunk));
  }

  get length(): number {
    return this.source.length;
  }

  /** Fills an array with the file's next bytes. */
  async fill(into: Uint8Array): Promise<void> {
    let done = 0;
    while (done < into.length) {
      const piece = into.subarray(done, done + chunk);
      let got: number;
      if (this.#begin === this.#end && piece.length === chunk) {
        got = await this.#read(piece);
      } else {
        if (this.#begin === this.#end) {
          this.#end = await this.#read(this.#buffer);
          this.#begin = 0;
        }
        got = Math.min(piece.length, this.#end - this.#begin);
        piece.set(this.#buffer.subarray(this.#begin, this.#begin + got));
        this.#begin += got;
      }
      this.checksum = crc32(piece.subarray(0, got), this.checksum);
      done += got;
    }
  }

  /** Passes over bytes, which count in the checksum all the same. */
  async skip(count: number): Promise<void> {
    const scratch = new Uint8Array(Math.min(count, chunk));
    for (let left = count; left > 0; left -= scratch.length) await this.fill(scratch.subarray(0, left));
  }

  /** Passes over bytes that are not read at all. The checksum is of no use after that. */
  jump(count: number): void {
    const buffered = Math.min(count, this.#end - this.#begin);
    this.#begin += buffered;
    this.#position += count - buffered;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  async #read(into: Uint8Array): Promise<number> {
    const bytesRead = await this.source.read(into, this.#position);
    if (bytesRead === 0) throw plainError("ERR_CHECKPOINT", "it became shorter while it was read");
    this.#position += bytesRead;
    return bytesRead;
  }
}
