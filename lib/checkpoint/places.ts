// The tensors of a checkpoint, and which parameter each belongs to.
import { isArray, plainError, rangeError } from "../errors";
import { touch } from "../foreign";
import { placeOf } from "../arrays/placement";
import { hostHalves, hostZeros } from "../arrays/memory";
import { host } from "../native/engine";
import { rowStepsName, type TrackedParameter } from "../step/tracked-parameter";
import type { SequentialReader } from "./reader";
import { checksum, elementsOf, quote, type Tensor } from "./safetensors";

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

/** Where a tensor belongs: to the state of a parameter, under `key`, to its values or to their average (`key` is null). */
export interface Place {
  readonly tensor: Tensor;
  readonly id: string;
  readonly tracked: TrackedParameter;
  readonly key: string | null;
  readonly isAverage: boolean;
}

/**
 * Finds where a tensor belongs, and checks its type and shape. It belongs to nobody where a group names its parameter (`ids`), and none of
 * the optimizer's is matched with it.
 */
export function belongsTo(
  tensor: Tensor,
  trackedOf: ReadonlyMap<string, TrackedParameter>,
  ids: ReadonlySet<string>,
): Place | "nobody" {
  const { name, dtype, shape } = tensor;
  const [, ofState, key, kind, ofParameter] = /^(?:state\.([^.]+)\.(.+)|(param|average)\.([^.]+))$/s.exec(name) ?? [];
  const id = ofState ?? ofParameter;
  if (id === undefined) throw refuse(`${quote(name)} is no tensor of a checkpoint`);
  const tracked = trackedOf.get(id);
  if (tracked === undefined && !ids.has(id))
    throw refuse(`${quote(name)} belongs to parameter ${quote(id)}, which no param group names`);
  const isScalar = key !== undefined && (dtype === "I64" || dtype === "F64") && shape.length === 0;
  const isCounts = key === rowStepsName && dtype === "U32" && shape.length === 1;
  const isHalves = ofState !== undefined && dtype === "BF16";
  if (!isScalar && !isCounts && !isHalves && dtype !== "F32") {
    const wanted = ofState === undefined ? "F32" : "F32, BF16 or a scalar";
    throw refuse(`${quote(name)} has dtype ${dtype} and shape [${shape.join(", ")}], and must be ${wanted}`);
  }
  if (tracked === undefined) return "nobody";
  if (isCounts && tracked.first !== shape[0]) {
    throw refuse(`${quote(name)} has ${shape[0]} counts, and ${tracked.label} has ${tracked.first} rows`);
  }
  if (!isScalar && !isCounts && (key === undefined || elementsOf(shape) !== 1)) requireShape(tensor, tracked);
  return { tensor, id, tracked, key: key ?? null, isAverage: kind === "average" };
}

/** A flat shape fits every parameter of that length; others must be the parameter's own, where it has one. */
function requireShape({ name, shape }: Tensor, tracked: TrackedParameter): void {
  const given: unknown = tracked.read("shape");
  const own = isArray(given) ? touch(tracked, () => Array.from(given, Number)) : [tracked.length];
  const same = own.length === shape.length && shape.every((size, k) => size === own[k]);
  const flat = given === undefined || shape.length === 1;
  if (elementsOf(shape) === tracked.length && (flat || same)) return;
  throw refuse(`${quote(name)} has shape [${shape.join(", ")}], and ${tracked.label} has [${own.join(", ")}]`);
}

/** The next tensor of a file: an array of floats, of bfloat16 or of counts, or a number. */
export async function readValue(
  file: SequentialReader,
  { tensor, tracked }: Place,
): Promise<Float32Array | Uint16Array | Uint32Array | number> {
  if (tensor.dtype === "U32") {
    const counts = new Uint32Array(elementsOf(tensor.shape));
    await file.fill(new Uint8Array(counts.buffer));
    return counts;
  }
  if (tensor.dtype !== "F32" && tensor.dtype !== "BF16") {
    const view = new DataView(new ArrayBuffer(8));
    await file.fill(new Uint8Array(view.buffer));
    if (tensor.dtype === "F64") return view.getFloat64(0, true);
    const integer = view.getBigInt64(0, true);
    if (BigInt(Number(integer)) === integer && Number.isSafeInteger(Number(integer))) return Number(integer);
    throw refuse(`${quote(tensor.name)} is ${integer}, and JavaScript counts to ${Number.MAX_SAFE_INTEGER}`);
  }
  const elements = elementsOf(tensor.shape);
  const data = tracked.read("data");
  const like = placeOf(data) === host ? (data as Float32Array) : undefined;
  let array: Float32Array | Uint16Array;
  try {
    array = tensor.dtype === "F32" ? hostZeros(elements, like) : hostHalves(elements, like);
  } catch (cause) {
    throw rangeError("ERR_OUT_OF_MEMORY", `There is no memory for ${quote(tensor.name)} of ${elements} floats`, cause);
  }
  await file.fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return array;
}

/** Reads the last tensor, and compares it with the bytes before it. Returns it. */
export async function requireChecksum(file: SequentialReader, { dtype, shape }: Tensor): Promise<Uint8Array> {
  if (dtype !== checksum.dtype || shape.length !== 1 || shape[0] !== 4) throw refuse("crc32 must be four bytes (U8)");
  const wanted = file.checksum;
  const bytes = new Uint8Array(4);
  await file.fill(bytes);
  if (new DataView(bytes.buffer).getUint32(0, true) === wanted) return bytes;
  throw refuse("it is damaged: checksum mismatch");
}
