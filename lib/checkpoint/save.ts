// From an optimizer to a checkpoint. The layout is described in docs/checkpoints.md.
import { arrayKind, describe, isArray, lengthOf, plainError, typeError } from "../errors";
import { copyOf, isHalves, nativeOf, type StateArray } from "../arrays/placement";
import { touch } from "../foreign";
import type { Group } from "../groups/group";
import { requireFloats, requireUnchanged } from "../step/memory-checks";
import { rowStepsName, type TrackedParameter } from "../step/tracked-parameter";
import { addon, role } from "../native/engine";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import type { Rule } from "../rule/rule";
import { copies, writeStateDict, type StateSource } from "../state-dict";
import type { WeightAverage } from "../training/weight-average";
import { crc32 } from "./crc32";
import { pathOf, replaceFile } from "./files";
import { writeJson } from "./json";
import { withPath } from "./system-error";
import { concat, inPieces, inPiecesLater, Later, type Bytes } from "./pieces";
import { requireAverage } from "./averages";
import { checksum, elementSizeOf, elementsOf, encodeHeader, type Tensor } from "./safetensors";

export interface SaveStateOptions {
  /** Keep the parameters' values too. Default false. */
  parameters?: boolean;
  /** Anything of your own that JSON can hold: epoch, schedule, seed. */
  extra?: unknown;
  /** Keep these averages of the parameters too. */
  average?: WeightAverage;
}

/** The format that this release writes, and the only one that it reads. */
export const formatVersion = "1";

type Filled = Tensor & { readonly bytes: Uint8Array | Later };

type HostArray = Float32Array | Uint16Array;

/** What becomes of arrays in a checkpoint: they are copied, or read when they are written. */
export interface ArraySource extends StateSource {
  written(array: StateArray, tracked: TrackedParameter, which: number): HostArray | Later;
  average(array: Float32Array): Float32Array | Later;
}

const copied: ArraySource = { ...copies, average: copyOf };

type Given<O extends object> = [Rule<O>, readonly Group<O>[], SaveStateOptions];

/** Writes a checkpoint to a file. All that is to be written is copied before this returns. */
export async function saveCheckpoint<O extends object>(path: unknown, ...given: Given<O>): Promise<void> {
  const target = pathOf(path);
  const parts = partsOf(`${target}: `, "saveState", copied, ...given) as Uint8Array[]; // all are copied
  await replacing(path, replaceFile(target, sealed(inPieces(parts))));
}

/** A checkpoint in memory. */
export function encodeCheckpoint<O extends object>(...given: Given<O>): Bytes {
  const parts = partsOf("", "encodeState", copied, ...given) as Uint8Array[]; // all are copied
  return concat([...sealed(inPieces(parts))]);
}

/** Checks a checkpoint whose arrays are read when they are written. Returns what writes it. */
export function planCheckpoint<O extends object>(path: unknown, source: ArraySource, ...given: Given<O>): () => Promise<void> {
  const target = pathOf(path);
  const parts = partsOf(`${target}: `, "saveState", source, ...given);
  return () => replacing(path, replaceFile(target, sealedLater(inPiecesLater(parts))));
}

/** Names the caller's path in the error of the file system. */
async function replacing(path: unknown, replaced: Promise<void>): Promise<void> {
  await replaced.catch((error: unknown) => {
    throw withPath(error, path);
  });
}

/** The parts of a checkpoint, all but the checksum. */
function partsOf<O extends object>(
  label: string,
  method: string,
  source: ArraySource,
  ...[rule, groups, options]: Given<O>
): (Uint8Array | Later)[] {
  requireObject(options, `The options of ${method}`);
  refuseUnknownKeys(options, ["parameters", "extra", "average"], method);
  const { extra, parameters = false, average } = options;
  const metadata: Record<string, string> = { format_version: formatVersion };
  if (extra !== undefined) metadata["extra"] = writeJson(extra, "extra");
  const values = flag(parameters, "parameters") ? valuesOf(groups, source) : [];
  if (average !== undefined) values.push(...averagesOf(average, groups, metadata, source));

  const { state, ...rest } = writeStateDict(rule, groups, true, source);
  metadata["state_dict"] = writeJson(rest, "state_dict");
  const states = groups.flatMap(({ parameters }) => parameters.flatMap((tracked) => tensorsOf(tracked, state[tracked.index])));
  // The wide ones first: then every tensor begins at a multiple of its element's size.
  const ofSize = (size: number) => states.filter(({ dtype }) => elementSizeOf(dtype) === size);
  const tensors = [...ofSize(8), ...ofSize(4), ...values, ...ofSize(2)];
  let header: Uint8Array;
  try {
    header = encodeHeader(metadata, [...tensors, checksum]);
  } catch (cause) {
    throw plainError("ERR_CHECKPOINT", `${label}${(cause as Error).message}`, cause);
  }
  return [header, ...tensors.map(({ bytes }) => bytes)];
}

/** The parameters' values. */
function valuesOf<O extends object>(groups: readonly Group<O>[], source: ArraySource): Filled[] {
  const parameters = groups.flatMap((group) => group.parameters);
  const found = parameters.map((tracked) => [tracked, tracked.read("data"), shapeOf(tracked)] as const);
  return found.map(([tracked, data, shape]) => {
    requireFloats(tracked, data, role.data);
    requireUnchanged(tracked, data, role.data);
    if (addon.leased(nativeOf(data), false)) {
      throw plainError("ERR_LEASED", `${tracked.label}: a step on another thread is writing its data; await stepAsync() first`);
    }
    return floats(`param.${tracked.index}`, shape, source.written(data, tracked, role.data));
  });
}

function averagesOf<O extends object>(
  given: unknown,
  groups: readonly Group<O>[],
  metadata: Record<string, string>,
  source: ArraySource,
): Filled[] {
  const { counts, averages } = requireAverage(given, groups);
  metadata["average"] = writeJson(counts, "average");
  return groups.flatMap(({ parameters }) =>
    parameters.flatMap((tracked) => {
      const array = averages.get(tracked.parameter);
      return array === undefined ? [] : [floats(`average.${tracked.index}`, shapeOf(tracked), source.average(array))];
    }),
  );
}

/** The tensors of one parameter's state: numbers as scalars that hold them exactly, arrays in the parameter's shape. */
function tensorsOf(tracked: TrackedParameter, entry: Record<string, unknown> = {}): Filled[] {
  const tensors: Filled[] = [];
  for (const [key, value] of Object.entries(entry)) {
    const name = `state.${tracked.index}.${key}`;
    if (typeof value === "number") tensors.push(scalar(name, value));
    else if (value instanceof Later || isHalves(value) || arrayKind(value) === "Float32Array") {
      const length = value instanceof Later ? value.length : lengthOf(value as HostArray);
      tensors.push(floats(name, length === tracked.length ? shapeOf(tracked) : [length], value as HostArray | Later));
    } else if (key === rowStepsName && arrayKind(value) === "Uint32Array") {
      tensors.push({ ...floats(name, [lengthOf(value as Uint32Array)], value as Uint32Array), dtype: "U32" });
    } else if (value !== undefined && value !== null) {
      throw typeError("ERR_CHECKPOINT", `${tracked.label}: a checkpoint cannot keep ${key}, which is ${describe(value)}`);
    }
  }
  return tensors;
}

/** The parameter's shape, if it still has one that fits. */
function shapeOf(tracked: TrackedParameter): readonly number[] {
  const { length } = tracked;
  const shape: unknown = tracked.read("shape");
  const sizes = isArray(shape) ? touch(tracked, () => Array.from(shape, Number)) : [length];
  return sizes.every((size) => Number.isSafeInteger(size) && size >= 0) && elementsOf(sizes) === length ? sizes : [length];
}

function floats(name: string, shape: readonly number[], array: HostArray | Uint32Array | Later): Filled {
  if (array instanceof Later) return { name, dtype: "F32", shape, bytes: array };
  const { buffer, byteOffset, byteLength } = array;
  return { name, dtype: isHalves(array) ? "BF16" : "F32", shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

function scalar(name: string, value: number): Filled {
  const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (isInteger) view.setBigInt64(0, BigInt(value), true);
  else view.setFloat64(0, value, true);
  return { name, dtype: isInteger ? "I64" : "F64", shape: [], bytes };
}

/** Pieces, and the checksum of them all. */
function* sealed(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let sum = 0;
  for (const piece of pieces) {
    sum = crc32(piece, sum);
    yield piece;
  }
  yield bytesOfSum(sum);
}

async function* sealedLater(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sum = 0;
  for await (const piece of pieces) {
    sum = crc32(piece, sum);
    yield piece;
  }
  yield bytesOfSum(sum);
}

function bytesOfSum(sum: number): Uint8Array {
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, sum, true);
  return end;
}
