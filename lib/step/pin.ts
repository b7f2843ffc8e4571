// Memory that another thread uses must stay where it is: JavaScript may not detach it, shrink it or free it.
import { types } from "node:util";
import * as threads from "node:worker_threads";
import type { StateArray } from "../arrays/placement";
import { bufferOf, typeError } from "../errors";

/** A function that nobody can replace any more, with `this` as its first argument. */
const uncurried = <This, Arguments extends unknown[], Result>(method: (this: This, ...given: Arguments) => Result) =>
  Function.prototype.call.bind(method) as (self: This, ...given: Arguments) => Result;

const getter = (key: string) => {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- `uncurried` passes the buffer as `this`
  const get = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, key)?.get as (this: ArrayBufferLike) => unknown;
  return get && uncurried(get);
};
const byteLength = getter("byteLength") as (buffer: ArrayBuffer) => number;
const resizable = getter("resizable") as ((buffer: ArrayBuffer) => boolean) | undefined;

const pinned = new WeakSet<ArrayBufferLike>();
// eslint-disable-next-line @typescript-eslint/unbound-method
const has = uncurried(WeakSet.prototype.has).bind(null, pinned as WeakSet<object>);

/** Whether an array's memory is known to stay where it is. */
const isPinned = (array: Float32Array | Uint16Array): boolean => has(bufferOf(array));

/**
 * Makes sure that an array's memory stays where it is. Shared memory does so by itself. Resizable memory is refused. Other memory is marked
 * untransferable, for good, unless it cannot be transferred anyway.
 *
 * @throws ERR_RESIZABLE
 */
export function pin(array: Float32Array | Uint16Array): void {
  const buffer = bufferOf(array);
  if (has(buffer)) return;
  if (!types.isSharedArrayBuffer(buffer)) {
    if (resizable?.(buffer) === true) {
      throw typeError(
        "ERR_RESIZABLE",
        "A resizable ArrayBuffer could shrink while a step uses it on another thread: use step(), or copy it",
      );
    }
    if (isTransferable(buffer)) threads.markAsUntransferable(buffer);
  }
  pinned.add(buffer);
}

/** Node 20 lacks this function. */
const { isMarkedAsUntransferable: isMarked = () => false } = threads as {
  isMarkedAsUntransferable?: (object: object) => boolean;
};

/** Bytes of a WebAssembly page. */
const wasmPage = 65536;

/**
 * Whether a buffer can be transferred to another thread. Two kinds cannot: external memory of an addon, which Node marks when it is made,
 * and WebAssembly memory. Since Node 24.15 a mark also sets a V8 detach key. Node detaches external memory without that key at exit, and
 * V8 detaches WebAssembly memory without it in `grow`: both abort the process. So neither may be marked again.
 */
function isTransferable(buffer: ArrayBuffer): boolean {
  if (isMarked(buffer)) return false;
  return byteLength(buffer) % wasmPage !== 0 || mayBeListed(buffer);
}

/** Makes a function that tells whether a list of transfers may name a buffer, and transfers nothing. */
function makeProbe(): (buffer: ArrayBuffer) => boolean {
  const { port1: port } = new threads.MessageChannel();
  const post = port.postMessage.bind(port);
  const serialized = Symbol("serialized");
  const message = {
    get unclonable(): never {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- an Error would cost a stack for each buffer
      throw serialized;
    },
  };
  /**
   * Whether serialization reached the contents: then the transfer list was accepted. Buffers are detached only after that.
   *
   * @throws RangeError where there is no room on the stack, which says nothing about the buffer
   */
  const accepts = (buffer: ArrayBuffer): boolean => {
    try {
      post(message, [buffer]);
    } catch (error) {
      if ((error as Error | undefined)?.name === "RangeError") throw error;
      return error === serialized;
    }
    return false;
  };

  // Deno detaches a buffer before it looks at the message. What may be WebAssembly memory stays without a mark there.
  const scratch = new ArrayBuffer(1);
  return accepts(scratch) && byteLength(scratch) === 1 ? accepts : () => false;
}

/** Made at load. Ports that Node makes near the end of the stack are broken, and throw when they close. */
const mayBeListed = makeProbe();

/** Pins those arrays whose memory is not pinned yet, and calls `first` before each. Returns whether there was any. */
export function pinAll(arrays: readonly (StateArray | null | undefined)[], first: () => void): boolean {
  let pinned = false;
  for (let k = 0; k < arrays.length; ++k) {
    const array = arrays[k] as Float32Array | Uint16Array | null | undefined;
    if (array === null || array === undefined || isPinned(array)) continue;
    first();
    pin(array);
    pinned = true;
  }
  return pinned;
}
