/** The codes of every error that this package throws on purpose. They are stable; the messages may improve. */
export type ErrorCode =
  | "ERR_NO_BINARY" // no binary for this platform, or it does not load
  | "ERR_NO_TFJS" // TensorFlow.js is not installed, or is another release than 3 and 4
  | "ERR_BACKEND" // a backend that does not exist, or that this processor cannot run
  | "ERR_THREADS" // an invalid number of threads
  | "ERR_INVALID_OPTION" // an option of the wrong type or out of range
  | "ERR_UNKNOWN_OPTION" // a key that no option has
  | "ERR_INVALID_PARAMETER" // not an object with Float32Arrays
  | "ERR_EMPTY_PARAMETERS" // no parameter at all
  | "ERR_DUPLICATE_PARAMETER" // the same parameter twice
  | "ERR_NOT_FLOAT32" // an array of another type
  | "ERR_DTYPE" // an array of 16 bits where another type is needed, or the reverse
  | "ERR_LENGTH" // lengths that differ
  | "ERR_DETACHED" // an array whose memory was transferred away
  | "ERR_RESIZED" // an array that shrank or grew since it was registered
  | "ERR_OVERLAP" // memory that would be written and used twice in one step
  | "ERR_LEASED" // memory that a step under way on another thread is using
  | "ERR_RESIZABLE" // a resizable buffer in an asynchronous step
  | "ERR_SPARSE" // a sparse gradient whose rows do not fit the parameter, or that this optimizer or function cannot use
  | "ERR_NON_FINITE" // a norm that is infinite or NaN, with errorIfNonfinite
  | "ERR_STATE_DICT" // a state dict that does not belong to this optimizer or schedule
  | "ERR_OPTIMIZER" // something that is no optimizer where one is needed, or one that lost its groups
  | "ERR_SCHEDULE" // a schedule that cannot go on
  | "ERR_GRAD_SCALER" // a GradScaler's step or update was called in the wrong order
  | "ERR_AVERAGE" // averages of weights that are not there yet, or that are in the parameters
  | "ERR_CHECKPOINT" // a file that is no checkpoint of this optimizer, or a value that a checkpoint cannot keep
  | "ERR_SAFETENSORS" // a file that is no safetensors file, or tensors that such a file cannot hold
  | "ERR_CLOSURE" // a closure that returned a promise
  | "ERR_BUSY" // a call while a step is under way
  | "ERR_DISPOSED" // a call after dispose()
  | "ERR_OUT_OF_MEMORY" // no memory for the state, or on a device
  | "ERR_CUDA_UNAVAILABLE" // CUDA cannot run here; the message says why
  | "ERR_CUDA_DEVICE" // no such device
  | "ERR_CUDA_POINTER" // an address that is 0, misaligned, on another device, or too near the end of its allocation
  | "ERR_CUDA_STREAM" // no stream, or one of another device
  | "ERR_CUDA_CAPTURE" // what cannot be captured into a graph, or a graph that no longer fits
  | "ERR_MIXED_DEVICES" // arrays of one parameter that do not lie in one place
  | "ERR_CUDA" // the driver refused a call; nothing was changed
  | "ERR_CUDA_LOST" // the device failed in the middle of its work: what it held is undefined
  | "ERR_MPI_UNAVAILABLE" // MPI cannot run here; the message says why
  | "ERR_MPI_LAUNCHER" // the processes were started by the launcher of another MPI
  | "ERR_MPI_PEER" // another rank refused; nothing was changed on any rank
  | "ERR_MPI_DISAGREE" // the ranks were about to do different things; nothing was changed on any rank
  | "ERR_MPI_TIMEOUT" // another rank gave no answer
  | "ERR_MPI_LOST"; // a call of MPI failed, or a step in its last part: what the ranks hold is undefined

/** The property that marks this package's errors, whichever copy of the package or realm they come from. */
export const errorBrand = Symbol.for("adabelief.error");

/** Whether an error is one that this package threw on purpose, whichever copy of it: CommonJS, ESM, another realm. */
export function isAdaBeliefError(value: unknown): value is AdaBeliefError {
  return isObject(value) && (value as { [errorBrand]?: unknown })[errorBrand] === true;
}

/**
 * Matches every error of this package: `catch (error) { if (error instanceof AdaBeliefError) … error.code }`. The errors themselves
 * are TypeErrors, RangeErrors or Errors. None is constructed from this class.
 */
export abstract class AdaBeliefError extends Error {
  abstract readonly code: ErrorCode;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === AdaBeliefError ? isAdaBeliefError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

type Constructor<E extends Error> = new (message: string, options?: ErrorOptions) => E;

function coded<E extends Error>(constructor: Constructor<E>) {
  return (code: ErrorCode, message: string, cause?: unknown): E & { code: ErrorCode } => {
    const error = Object.assign(new constructor(message, cause === undefined ? undefined : { cause }), { code });
    return Object.defineProperty(error, errorBrand, { value: true });
  };
}

export const typeError = coded(TypeError);
export const rangeError = coded(RangeError);
export const plainError = coded(Error);

const warned = new Set<string>();

/** Undefined in browsers. */
const { process } = globalThis as { process?: Partial<NodeJS.Process> };

/** Emits a warning once per process: through process.emitWarning, or on the console in browsers. */
export function warnOnce(code: string, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  if (process?.emitWarning === undefined) console.warn(`AdaBeliefWarning [${code}]: ${message}`);
  else process.emitWarning(message, { type: "AdaBeliefWarning", code });
}

const describers: ((value: object) => string | undefined)[] = [];

/** Lets `describe` name a class of our own. The function must run no code of the value's. */
export function describeAlso(describer: (value: object) => string | undefined): void {
  describers.push(describer);
}

/** What a value is, for a message: `"0.1"`, `a Float64Array of 3`. Runs no code of the value's own. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === "boolean") return String(value);
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  const kind = arrayKind(value);
  if (kind !== undefined) return `a ${kind} of ${lengthOf(value as Float32Array)}`;
  for (const describer of describers) {
    const name = describer(value);
    if (name !== undefined) return name;
  }
  if (isMap(value)) return "a Map";
  if (!isObject(value)) return "a revoked proxy";
  return Array.isArray(value) ? `an array of ${value.length}` : "an object";
}

/** Whether a value is an object that can be looked at: not null, no function, and no revoked proxy, of which every look throws. */
export function isObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  try {
    Array.isArray(value);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value is an array. A revoked proxy is none. */
export const isArray = (value: unknown): value is unknown[] => isObject(value) && Array.isArray(value);

/** Whether a value is a Map of any realm. Runs no code of its own. */
export function isMap(value: object): boolean {
  try {
    Map.prototype.has.call(value, undefined);
    return true;
  } catch {
    return false;
  }
}

const typedArray = Object.getPrototypeOf(Float32Array.prototype) as object;

function intrinsic<T>(key: PropertyKey): (value: unknown) => T {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is bound to `call`, which passes the array as `this`
  const getter = Object.getOwnPropertyDescriptor(typedArray, key)?.get as (this: unknown) => T;
  return Function.prototype.call.bind(getter) as (value: unknown) => T;
}

/** A typed array's buffer. */
export const bufferOf = intrinsic<ArrayBufferLike>("buffer");

/** The name of a typed array's type, of any realm, or undefined for anything else. An own property cannot deceive it. */
export const arrayKind = intrinsic<string | undefined>(Symbol.toStringTag);

/** The true length of a typed array: 0 once it is detached or out of bounds. An own property cannot deceive it. */
export const lengthOf = intrinsic<number>("length") as (array: ArrayBufferView) => number;

/** Whether an array has lost its memory: its buffer was transferred away. */
export function isDetached(array: ArrayBufferView): boolean {
  if (lengthOf(array) > 0) return false;
  try {
    new Uint8Array(bufferOf(array));
    return false;
  } catch {
    return true;
  }
}

/** Where a typed array begins in its buffer, in bytes. */
export const byteOffsetOf = intrinsic<number>("byteOffset");
