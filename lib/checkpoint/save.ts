// From an optimizer to a checkpoint. The layout is described in docs/checkpoints.md.
import { arrayKind, describe, lengthOf, plainError, typeError } from "../errors";
import { copyOf, nativeOf } from "../arrays/placement";
import type { Group } from "../groups/group";
import { requireFloats, requireUnchanged } from "../step/memory-checks";
import type { TrackedParameter } from "../step/tracked-parameter";
import { addon, role } from "../native/engine";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import type { Rule } from "../rule/rule";
import { writeStateDict } from "../state-dict";
import type { WeightAverage } from "../training/weight-average";
import { crc32 } from "./crc32";
import { pathOf, replaceFile } from "./files";
import { writeJson } from "./json";
import { withPath } from "./system-error";
import { concat, inPieces, type Bytes } from "./pieces";
import { requireAverage } from "./averages";
import { checksum, elementsOf, encodeHeader, type Tensor } from "./safetensors";

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

type Filled = Tensor & { readonly bytes: Uint8Array };

/** Writes a checkpoint to a file. All that is to be written is copied before this returns. */
export async function saveCheckpoint<O extends object>(
  path: unknown,
  ...given: [Rule<O>, readonly Group<O>[], SaveStateOptions]
): Promise<void> {
  const target = pathOf(path);
  const parts = partsOf(`${target}: `, "saveState", ...given);
  await replaceFile(target, parts).catch((error: unknown) => {
    throw withPath(error, path);
  });
}

/** A checkpoint in memory. */
export function encodeCheckpoint<O extends object>(...given: [Rule<O>, readonly Group<O>[], SaveStateOptions]): Bytes {
  return concat([...partsOf("", "encodeState", ...given)]);
}

/** The bytes of a checkpoint. All but the checksum is computed before this returns. */
function partsOf<O extends object>(
  label: string,
  method: string,
  rule: Rule<O>,
  groups: readonly Group<O>[],
  options: SaveStateOptions,
): Iterable<Uint8Array> {
  requireObject(options, `The options of ${method}`);
  refuseUnknownKeys(options, ["parameters", "extra", "average"], method);
  const { extra, parameters = false, average } = options;
  const metadata: Record<string, string> = { format_version: formatVersion };
  if (extra !== undefined) metadata["extra"] = writeJson(extra, "extra");
  const values = flag(parameters, "parameters") ? valuesOf(groups) : [];
  if (average !== undefined) values.push(...averagesOf(average, groups, metadata));

  const { state, ...rest } = writeStateDict(rule, groups, true);
  metadata["state_dict"] = writeJson(rest, "state_dict");
  const states = groups.flatMap(({ parameters }) => parameters.flatMap((tracked) => tensorsOf(tracked, state[tracked.index])));
  // The wide ones first: then every tensor begins at a multiple of its element's size.
  const isWide = ({ dtype }: Tensor) => dtype === "F64" || dtype === "I64";
  const tensors = [...states.filter(isWide), ...states.filter((tensor) => !isWide(tensor)), ...values];
  let header: Uint8Array;
  try {
    header = encodeHeader(metadata, [...tensors, checksum]);
  } catch (cause) {
    throw plainError("ERR_CHECKPOINT", `${label}${(cause as Error).message}`, cause);
  }
  return withChecksum([header, ...tensors.map(({ bytes }) => bytes)]);
}

/** Copies of the parameters' values. */
function valuesOf<O extends object>(groups: readonly Group<O>[]): Filled[] {
  const parameters = groups.flatMap((group) => group.parameters);
  const found = parameters.map((tracked) => [tracked, tracked.parameter.data, shapeOf(tracked)] as const);
  return found.map(([tracked, data, shape]) => {
    requireFloats(tracked, data, role.data);
    requireUnchanged(tracked, data, role.data);
    if (addon.leased(nativeOf(data), false)) {
      throw plainError("ERR_LEASED", `${tracked.label}: a step on another thread is writing its data; await stepAsync() first`);
    }
    return floats(`param.${tracked.index}`, shape, copyOf(data));
  });
}

/** Copies of averages. */
function averagesOf<O extends object>(given: unknown, groups: readonly Group<O>[], metadata: Record<string, string>): Filled[] {
  const { counts, averages } = requireAverage(given, groups);
  metadata["average"] = writeJson(counts, "average");
  return groups.flatMap(({ parameters }) =>
    parameters.flatMap((tracked) => {
      const array = averages.get(tracked.parameter);
      return array === undefined ? [] : [floats(`average.${tracked.index}`, shapeOf(tracked), copyOf(array))];
    }),
  );
}

/** The tensors of one parameter's state: numbers as scalars that hold them exactly, arrays in the parameter's shape. */
function tensorsOf(tracked: TrackedParameter, entry: Record<string, unknown> = {}): Filled[] {
  const tensors: Filled[] = [];
  for (const [key, value] of Object.entries(entry)) {
    const name = `state.${tracked.index}.${key}`;
    if (typeof value === "number") tensors.push(scalar(name, value));
    else if (arrayKind(value) === "Float32Array") {
      const length = lengthOf(value as Float32Array);
      tensors.push(floats(name, length === tracked.length ? shapeOf(tracked) : [length], value as Float32Array));
    } else if (value !== undefined && value !== null) {
      throw typeError("ERR_CHECKPOINT", `${tracked.label}: a checkpoint cannot keep ${key}, which is ${describe(value)}`);
    }
  }
  return tensors;
}

/** The parameter's shape, if it still has one that fits. */
function shapeOf({ parameter, length }: TrackedParameter): readonly number[] {
  const shape: unknown = parameter.shape;
  const sizes = Array.isArray(shape) ? Array.from(shape as unknown[], Number) : [length];
  return sizes.every((size) => Number.isSafeInteger(size) && size >= 0) && elementsOf(sizes) === length ? sizes : [length];
}

function floats(name: string, shape: readonly number[], array: Float32Array): Filled {
  const { buffer, byteOffset, byteLength } = array;
  return { name, dtype: "F32", shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

function scalar(name: string, value: number): Filled {
  const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (isInteger) view.setBigInt64(0, BigInt(value), true);
  else view.setFloat64(0, value, true);
  return { name, dtype: isInteger ? "I64" : "F64", shape: [], bytes };
}

/** The parts of a file in pieces, small ones together, and the checksum of them all. */
function* withChecksum(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let sum = 0;
  for (const piece of inPieces(parts)) {
    sum = crc32(piece, sum);
    yield piece;
  }
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, sum, true);
  yield end;
}
