// Checks of the arrays of a parameter, and their errors.
import { isCudaArray } from "../cuda/array";
import { describe, plainError, rangeError, typeError } from "../errors";
import { liveLength, placeOf, type Floats, type StateArray } from "../arrays/placement";
import { host, problem, role, type Obstacle } from "../native/engine";

/** The parts of a parameter that error messages use. */
interface Owner {
  readonly label: string;
  readonly place: number;
  readonly length: number;
  nameOf(which: number): string;
}

/** Checks a new array's type and place; returns its length. */
export function requireFloats(tracked: Owner, array: Floats, which: number): number {
  if (placeOf(array) !== tracked.place) throw notFloats(tracked, array, which);
  if (isCudaArray(array) && array.disposed) throw memoryGone(tracked, which);
  return liveLength(array, tracked.place);
}

/** Checks a new array's type, place and length. */
export function requireLength(tracked: Owner, array: Floats, which: number): void {
  const length = requireFloats(tracked, array, which);
  if (length !== tracked.length) throw otherLength(tracked, length, which);
}

/** Checks an array known from an earlier step: its type cannot have changed, its memory can. */
export function requireUnchanged(tracked: Owner, array: StateArray, which: number): void {
  const length = liveLength(array, tracked.place);
  if (length !== tracked.length) throw changed(tracked, length, which);
}

function changed(tracked: Owner, length: number, which: number): Error {
  if (length === 0) return memoryGone(tracked, which);
  const what = `its ${tracked.nameOf(which)} had ${tracked.length} elements and now has ${length}`;
  return rangeError("ERR_RESIZED", `${tracked.label}: ${what}`);
}

/** The error for an array that the native table refused. */
export function refusal(tracked: Owner, array: StateArray | null | undefined, why: number, which: number): Error {
  switch (why) {
    case problem.notFloat32:
    case problem.notDevice:
    case problem.otherDevice:
      return notFloats(tracked, array, which);
    case problem.detached:
    case problem.disposed:
      return memoryGone(tracked, which);
    default:
      return otherLength(tracked, liveLength(array as Floats, tracked.place), which);
  }
}

/** The error for an array of another type, or in another place than the parameter's data. */
export function notFloats(tracked: Owner, array: unknown, which: number): Error {
  const place = placeOf(array);
  const name = tracked.nameOf(which);
  if (place === undefined) {
    const here = tracked.place === host ? "a Float32Array" : "a CudaArray";
    const wanted = which === role.data ? "a Float32Array or a CudaArray" : here;
    return typeError("ERR_NOT_FLOAT32", `${tracked.label}: ${name} must be ${wanted}, got ${describe(array)}`);
  }
  const where = (at: number) => (at === host ? "on the host" : `on CUDA device ${at}`);
  const advice = "all arrays of a parameter must lie in one place: cuda.from() copies to a device, read() to the host";
  const what = `its ${name} is ${where(place)}, and it was registered ${where(tracked.place)}`;
  return typeError("ERR_MIXED_DEVICES", `${tracked.label}: ${what}; ${advice}`);
}

function otherLength(tracked: Owner, length: number, which: number): Error {
  const wanted = `${tracked.length} elements`;
  return rangeError("ERR_LENGTH", `${tracked.label}: ${tracked.nameOf(which)} must have ${wanted} like its data, got ${length}`);
}

function memoryGone(tracked: Owner, which: number): Error {
  const what = `${tracked.label}: its ${tracked.nameOf(which)}`;
  if (tracked.place !== host) return plainError("ERR_DISPOSED", `${what} was disposed: give it another CudaArray`);
  const advice = "give it a new view (WebAssembly memory that grew, a transferred or shrunk buffer)";
  return typeError("ERR_DETACHED", `${what} lost its memory: ${advice}`);
}

/** The error for an overlap, or for memory that another step is using. */
export function obstacleError({ row, role: which, otherRow, otherRole }: Obstacle, all: readonly Owner[]): Error {
  const one = all[row] as Owner;
  if (otherRow === undefined || otherRole === undefined) {
    const what = `${one.label}: another step, under way on another thread, is using its ${one.nameOf(which)}`;
    return plainError("ERR_LEASED", `${what}; await stepAsync() first`);
  }
  const other = all[otherRow] as Owner;
  const tied = which === role.data && otherRole === role.data;
  const advice = tied
    ? "Tied weights are one parameter: register it once and add up its gradients."
    : "A step writes to its parameters and states, so that nothing else may lie there.";
  const where = `${one.nameOf(which)} of ${one.label.toLowerCase()} and ${other.nameOf(otherRole)} of ${other.label.toLowerCase()}`;
  return rangeError("ERR_OVERLAP", `Overlap in memory: ${where}. ${advice}`);
}
