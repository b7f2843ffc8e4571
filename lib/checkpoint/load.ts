// From a checkpoint to an optimizer. A file may be damaged or hostile: what it claims is checked before memory is taken for it.
import { plainError, typeError } from "../errors";
import type { Group } from "../groups/group";
import type { TrackedParameter } from "../step/tracked-parameter";
import { flag, refuseUnknownKeys, requireObject } from "../options/kinds";
import type { Rule } from "../rule/rule";
import { letGo, readStateDict, type Loaded, type StateDict } from "../state-dict";
import type { WeightAverage } from "../training/weight-average";
import { prepareAverages, requireAverage } from "./averages";
import { openFile, pathOf } from "./files";
import { parseJson } from "./json";
import { readHeader } from "./header";
import { followNames } from "./names";
import { belongsTo, readValue, requireChecksum, type Place } from "./places";
import { withPath } from "./system-error";
import { openBytes, type SequentialReader } from "./reader";
import { byteLengthOf, checkpointDtypes, checksum, quote, requireRecord, type Header, type Tensor } from "./safetensors";
import { formatVersion } from "./save";
import { prepareValues, requireValues } from "./values";

export interface LoadStateOptions {
  /** Write the saved values into the parameters' own `data`. Default false. */
  parameters?: boolean;
  /**
   * Whether groups and parameters must be the same. With false what matches by the parameters' names is taken, in whichever group. Default
   * true.
   */
  strict?: boolean;
  /** Put the saved averages in here. Default: they are passed over. */
  average?: WeightAverage;
}

/** A checkpoint's path, or its bytes. */
export type CheckpointSource = string | URL | Uint8Array | Blob;

/** A checkpoint that was read whole. */
export interface Checkpoint<O extends object> {
  readonly extra: unknown;
  readonly strict: boolean;
  /** What the file says of averages. */
  readonly counts: string | undefined;
  /**
   * Makes the last checks. Returns what to take over, and how to write the parameters' values before that: on the host that cannot
   * fail; where a device fails, nothing is left of the checkpoint.
   */
  check(): { loaded: Loaded<O>; writeValues: () => void; takeAverage: () => void };
}

/** Where the tensors of a checkpoint go. */
export interface Receiver {
  /** Called once, when all but the tensors was checked. */
  begin?(wanted: readonly Place[]): Promise<void>;
  /** Reads the next tensor. Returns it, or an array of the same length that stands for it. */
  read(file: SequentialReader, place: Place): Promise<Float32Array | Uint16Array | Uint32Array | number>;
}

interface Contents {
  readonly dict: StateDict;
  readonly values: Map<TrackedParameter, Float32Array>;
  readonly extra: unknown;
  /** By parameter, and what the metadata says of them. */
  readonly averages: Map<object, Float32Array>;
  readonly counts: string | undefined;
}

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

export async function readCheckpoint<O extends object>(
  from: unknown,
  rule: Rule<O>,
  groups: readonly Group<O>[],
  options: LoadStateOptions,
  receiver: Receiver = { read: readValue },
): Promise<Checkpoint<O>> {
  const bytes = openBytes(from);
  const source = bytes === null ? pathOf(from) : "The checkpoint";
  requireObject(options, "The options of loadState");
  refuseUnknownKeys(options, ["parameters", "strict", "average"], "loadState");
  const given = options as LoadStateOptions;
  const { average } = given;
  const wanted = {
    parameters: flag(given.parameters ?? false, "parameters"),
    strict: flag(given.strict ?? true, "strict"),
    average,
  };
  if (average !== undefined) requireAverage(average, groups);
  if (average !== undefined && !wanted.strict) {
    throw typeError("ERR_INVALID_OPTION", "strict: false takes no averages, which are of all parameters: leave average out");
  }
  for (const group of groups) group.readAll(); // an error in a live option is the caller's, not the file's

  const about = (error: unknown): Error => {
    if ((error as { code?: unknown }).code !== "ERR_CHECKPOINT") return error as Error;
    const { message } = error as Error; // which may quote the file at length
    return plainError("ERR_CHECKPOINT", `${source}: ${message.length > 400 ? `${message.slice(0, 400)}…` : message}`, error);
  };
  const file = bytes ?? (await openAt(source, from));
  let contents: Contents;
  try {
    contents = await readContents(file, rule, groups, wanted, receiver);
  } catch (error) {
    throw about(error);
  } finally {
    await file.close();
  }
  const { dict, values, extra, averages, counts } = contents;
  const check = () => {
    try {
      const takeAverage = average === undefined ? () => undefined : prepareAverages(average, counts, averages);
      const write = prepareValues(values);
      const loaded = readDict(rule, groups, dict, wanted.strict);
      const writeValues = () => {
        try {
          write();
        } catch (error) {
          letGo(loaded);
          throw error;
        }
      };
      return { loaded, writeValues, takeAverage };
    } catch (error) {
      throw about(error);
    }
  };
  return { extra, strict: wanted.strict, counts, check };
}

async function openAt(source: string, path: unknown): Promise<SequentialReader> {
  try {
    return await openFile(source);
  } catch (error) {
    throw withPath(error, path);
  }
}

async function readContents<O extends object>(
  file: SequentialReader,
  rule: Rule<O>,
  groups: readonly Group<O>[],
  { parameters, strict, average }: { parameters: boolean; strict: boolean; average: WeightAverage | undefined },
  receiver: Receiver,
): Promise<Contents> {
  const header = await readHeader(file, checkpointDtypes);
  const { dict, extra } = readMetadata(header);
  let { trackedOf } = readDict(rule, groups, dict, strict); // everything but the state is checked before the state is read
  if (strict && followNames(groups, dict)) trackedOf = readDict(rule, groups, dict, strict).trackedOf;
  const ids = new Set(dict.param_groups.flatMap(({ params }) => params.map(String)));
  const strange = [...ids].find((id) => !/^\d+$/.test(id));
  if (strange !== undefined) throw refuse(`a parameter of its state_dict has the number ${quote(strange)}`);
  const places = header.tensors.map((tensor, k) =>
    tensor.name === checksum.name && k === header.tensors.length - 1 ? null : belongsTo(tensor, trackedOf, ids),
  );
  const isWanted = (place: (typeof places)[number]): place is Place =>
    place !== null && place !== "nobody" && (place.key !== null || (place.isAverage ? average !== undefined : parameters));
  const values = new Map<TrackedParameter, Float32Array>();
  const averages = new Map<object, Float32Array>();
  await receiver.begin?.(places.filter(isWanted));
  for (const [k, place] of places.entries()) {
    const tensor = header.tensors[k] as Tensor;
    if (place === null) {
      await requireChecksum(file, tensor);
    } else if (!isWanted(place)) {
      await file.skip(byteLengthOf(tensor));
    } else {
      const value = await receiver.read(file, place);
      if (place.key !== null) (dict.state[place.id] ??= Object.create(null) as Record<string, unknown>)[place.key] = value;
      else if (place.isAverage) averages.set(place.tracked.parameter, value as Float32Array);
      else values.set(place.tracked, value as Float32Array);
    }
  }
  if (parameters) requireValues(header.tensors, values, trackedOf);
  return { dict, values, extra, averages, counts: header.metadata.get("average") };
}

/** The dict, without state as yet, and the caller's extra. */
function readMetadata({ metadata }: Header): { dict: StateDict; extra: unknown } {
  const version = metadata.get("format_version");
  const written = metadata.get("state_dict");
  if (version === undefined || written === undefined) {
    throw refuse("a safetensors file, but not a checkpoint: its __metadata__ has no format_version and state_dict");
  }
  if (version !== formatVersion)
    throw refuse(`its format_version is ${quote(version)}, and this release reads "${formatVersion}"`);
  const dict = requireRecord(parseJson(written, "state_dict"), "state_dict");
  const extra = metadata.get("extra");
  return {
    // Without a prototype: names of the file become keys.
    dict: { ...dict, state: Object.create(null) as object } as unknown as StateDict,
    extra: extra === undefined ? undefined : parseJson(extra, "extra"),
  };
}

/** Checks the dict. Its arrays are used as they are, because nobody else has them. */
function readDict<O extends object>(rule: Rule<O>, groups: readonly Group<O>[], dict: StateDict, strict: boolean): Loaded<O> {
  try {
    return readStateDict(rule, groups, dict, { taken: true, strict });
  } catch (cause) {
    if (/^ERR_(CUDA|OUT_OF_MEMORY)/.test((cause as { code?: string }).code ?? "")) throw cause; // it is not the file's fault
    throw plainError("ERR_CHECKPOINT", (cause as Error).message, cause);
  }
}
