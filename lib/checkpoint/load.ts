// From a checkpoint to an optimizer. A file may be damaged or hostile: what it claims is checked before memory is taken for it.
import { isCudaArray, type CudaArray } from "../cuda/array";
import { plainError, rangeError } from "../errors";
import { requireUnleased } from "../floats";
import type { Group } from "../group";
import type { Member } from "../member";
import { hostZeros } from "../memory";
import { role } from "../native";
import { flag, refuseUnknownKeys, requireObject } from "../options";
import type { LookaheadOptions, Rule } from "../rule";
import { letGo, readStateDict, type Loaded, type StateDict } from "../state-dict";
import { openFile, pathOf } from "./files";
import { parseJson } from "./json";
import { followNames } from "./names";
import { openBytes, type SequentialReader } from "./reader";
import {
  byteLengthOf,
  elementsOf,
  headerLengthOf,
  parseHeader,
  quote,
  requireRecord,
  type Header,
  type Tensor,
} from "./safetensors";
import { checksum, formatVersion } from "./save";

export interface LoadStateOptions {
  /** Write the saved values into the parameters' own `data`. Default false. */
  parameters?: boolean;
}

/** A checkpoint that was read whole. */
export interface Checkpoint<O extends object> {
  readonly extra: unknown;
  /**
   * Makes the last checks. Returns what to take over, and how to write the parameters' values before that: on the host that cannot
   * fail; where a device fails, nothing is left of the checkpoint.
   */
  check(): { loaded: Loaded<O>; writeValues: () => void };
}

interface Contents {
  readonly dict: StateDict;
  readonly values: Map<Member, Float32Array>;
  readonly extra: unknown;
}

const refuse = (message: string) => plainError("ERR_CHECKPOINT", message);

export async function readCheckpoint<O extends object>(
  from: unknown,
  rule: Rule<O>,
  groups: readonly Group<O>[],
  lookahead: LookaheadOptions | null,
  options: LoadStateOptions,
): Promise<Checkpoint<O>> {
  const bytes = openBytes(from);
  const source = bytes === null ? pathOf(from) : "The checkpoint";
  requireObject(options, "The options of loadState");
  refuseUnknownKeys(options, ["parameters"], "loadState");
  const { parameters: given = false } = options as LoadStateOptions;
  const parameters = flag(given, "parameters");
  for (const group of groups) group.readAll(); // an error in a live option is the caller's, not the file's

  const about = (error: unknown): Error => {
    if ((error as { code?: unknown }).code !== "ERR_CHECKPOINT") return error as Error;
    const { message } = error as Error; // which may quote the file at length
    return plainError("ERR_CHECKPOINT", `${source}: ${message.length > 400 ? `${message.slice(0, 400)}…` : message}`, error);
  };
  const file = bytes ?? (await openFile(source));
  let contents: Contents;
  try {
    contents = await readContents(file, rule, groups, lookahead, parameters);
  } catch (error) {
    throw about(error);
  } finally {
    await file.close();
  }
  const { dict, values, extra } = contents;
  const check = () => {
    try {
      const write = writerOf(values);
      const loaded = readDict(rule, groups, lookahead, dict);
      const writeValues = () => {
        try {
          write();
        } catch (error) {
          letGo(loaded);
          throw error;
        }
      };
      return { loaded, writeValues };
    } catch (error) {
      throw about(error);
    }
  };
  return { extra, check };
}

async function readContents<O extends object>(
  file: SequentialReader,
  rule: Rule<O>,
  groups: readonly Group<O>[],
  lookahead: LookaheadOptions | null,
  parameters: boolean,
): Promise<Contents> {
  const header = await readHeader(file);
  const { dict, extra } = readMetadata(header);
  readDict(rule, groups, lookahead, dict); // all but the state itself: so much can be refused before it is read
  followNames(groups, dict);
  const memberOf = membersById(groups, dict);
  const places = header.tensors.map((tensor, k) =>
    tensor.name === checksum.name && k === header.tensors.length - 1 ? null : placeOf(tensor, memberOf),
  );
  const values = new Map<Member, Float32Array>();
  for (const [k, place] of places.entries()) {
    if (place === null) {
      await requireChecksum(file, header.tensors[k] as Tensor);
    } else if (place.key !== null) {
      const entry = (dict.state[place.id] ??= {});
      entry[place.key] = await readValue(file, place);
    } else if (parameters) {
      values.set(place.member, (await readValue(file, place)) as Float32Array);
    } else {
      await file.skip(byteLengthOf(place.tensor));
    }
  }
  if (parameters) requireValues(values, memberOf);
  return { dict, values, extra };
}

async function readHeader(file: SequentialReader): Promise<Header> {
  if (file.length < 8) throw refuse(`not a safetensors file: it has ${file.length} bytes`);
  const prefix = new Uint8Array(8);
  await file.fill(prefix);
  const bytes = new Uint8Array(headerLengthOf(prefix, file.length));
  await file.fill(bytes);
  return parseHeader(bytes, file.length - 8 - bytes.length);
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
    dict: { ...dict, state: {} } as unknown as StateDict,
    extra: extra === undefined ? undefined : parseJson(extra, "extra"),
  };
}

/** What a state dict may be is known to state-dict.ts alone. The arrays are nobody else's, so that they need not be copied. */
function readDict<O extends object>(
  rule: Rule<O>,
  groups: readonly Group<O>[],
  lookahead: LookaheadOptions | null,
  dict: StateDict,
): Loaded<O> {
  try {
    return readStateDict(rule, groups, dict, lookahead, (array) => array);
  } catch (cause) {
    if (/^ERR_(CUDA|OUT_OF_MEMORY)/.test((cause as { code?: string }).code ?? "")) throw cause; // it is not the file's fault
    throw plainError("ERR_CHECKPOINT", (cause as Error).message, cause);
  }
}

function membersById<O extends object>(groups: readonly Group<O>[], { param_groups }: StateDict): Map<string, Member> {
  const memberOf = new Map<string, Member>();
  groups.forEach(({ members }, g) => {
    const ids = (param_groups[g] as StateDict["param_groups"][number]).params;
    members.forEach((member, k) => memberOf.set(String(ids[k]), member));
  });
  return memberOf;
}

/** Where a tensor belongs: to the state of a parameter, under `key`, or to its values (`key` is null). */
interface Place {
  readonly tensor: Tensor;
  readonly id: string;
  readonly member: Member;
  readonly key: string | null;
}

function placeOf(tensor: Tensor, memberOf: ReadonlyMap<string, Member>): Place {
  const { name, dtype, shape } = tensor;
  const [, ofState, key, ofParameter] = /^(?:state\.([^.]+)\.(.+)|param\.([^.]+))$/s.exec(name) ?? [];
  const id = ofState ?? ofParameter;
  if (id === undefined) throw refuse(`${quote(name)} is no tensor of a checkpoint`);
  const member = memberOf.get(id);
  if (member === undefined) throw refuse(`${quote(name)} belongs to parameter ${quote(id)}, which no param group names`);
  if (key !== undefined && (dtype === "I64" || dtype === "F64") && shape.length === 0) return { tensor, id, member, key };
  if (dtype !== "F32")
    throw refuse(`${quote(name)} has dtype ${dtype} and shape [${shape.join(", ")}], and must be F32 or a scalar`);
  if (key === undefined || elementsOf(shape) !== 1) requireShape(tensor, member);
  return { tensor, id, member, key: key ?? null };
}

/** A flat shape fits every parameter of that length; others must be the parameter's own, where it has one. */
function requireShape({ name, shape }: Tensor, member: Member): void {
  const own: unknown = member.parameter.shape ?? [member.length];
  const same = Array.isArray(own) && own.length === shape.length && shape.every((size, k) => size === own[k]);
  const flat = member.parameter.shape === undefined || shape.length === 1;
  if (elementsOf(shape) === member.length && (flat || same)) return;
  const wanted = Array.isArray(own) ? `[${own.join(", ")}]` : `${member.length} elements`;
  throw refuse(`${quote(name)} has shape [${shape.join(", ")}], and ${member.label} has ${wanted}`);
}

/** The next tensor of a file: a Float32Array, or a number. */
async function readValue(file: SequentialReader, { tensor, member }: Place): Promise<Float32Array | number> {
  if (tensor.dtype !== "F32") {
    const view = new DataView(new ArrayBuffer(8));
    await file.fill(new Uint8Array(view.buffer));
    if (tensor.dtype === "F64") return view.getFloat64(0, true);
    const integer = view.getBigInt64(0, true);
    if (BigInt(Number(integer)) === integer && Number.isSafeInteger(Number(integer))) return Number(integer);
    throw refuse(`${quote(tensor.name)} is ${integer}, and JavaScript counts to ${Number.MAX_SAFE_INTEGER}`);
  }
  const elements = elementsOf(tensor.shape);
  const { data } = member;
  let array: Float32Array;
  try {
    array = hostZeros(elements, isCudaArray(data) ? undefined : data);
  } catch (cause) {
    throw rangeError("ERR_OUT_OF_MEMORY", `There is no memory for ${quote(tensor.name)} of ${elements} floats`, cause);
  }
  await file.fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return array;
}

async function requireChecksum(file: SequentialReader, { dtype, shape }: Tensor): Promise<void> {
  if (dtype !== checksum.dtype || shape.length !== 1 || shape[0] !== 4) throw refuse("crc32 must be four bytes (U8)");
  const wanted = file.checksum;
  const bytes = new Uint8Array(4);
  await file.fill(bytes);
  if (new DataView(bytes.buffer).getUint32(0, true) === wanted) return;
  throw refuse("it is damaged: its bytes do not have the checksum that was written with them");
}

function requireValues(values: ReadonlyMap<Member, Float32Array>, memberOf: ReadonlyMap<string, Member>): void {
  if (values.size === 0) throw refuse("it holds no parameters: it was saved without { parameters: true }");
  for (const [id, member] of memberOf) {
    if (!values.has(member)) throw refuse(`it holds no values of ${member.label}: there is no param.${id}`);
  }
}

/** Checks the memory that values will be written to; returns what writes them. */
function writerOf(values: ReadonlyMap<Member, Float32Array>): () => void {
  const pairs = [...values].map(([member, from]) => ({ member, from, into: member.parameter.data }));
  for (const { member, into } of pairs) {
    member.requireFloats(into, role.data);
    member.requireUnchanged(into, role.data);
    requireUnleased(into, `The data of ${member.label.toLowerCase()}`);
  }
  const onDevices = pairs.flatMap(({ from, into }) => (isCudaArray(into) ? [{ from, into }] : []));
  return () => {
    writeToDevices(onDevices);
    for (const { from, into } of pairs) {
      if (!isCudaArray(into) && from.length > 0) Float32Array.prototype.set.call(into, from);
    }
  };
}

/** Writes all of them, or puts back those that were written. */
function writeToDevices(values: readonly { from: Float32Array; into: CudaArray }[]): void {
  const before = values.map(({ into }) => into.read());
  const touched: CudaArray[] = [];
  try {
    for (const { from, into } of values) {
      touched.push(into);
      into.write(from);
    }
  } catch (error) {
    try {
      touched.forEach((array, k) => array.write(before[k] as Float32Array));
    } catch (cause) {
      throw plainError("ERR_CUDA_LOST", `Parameters could be neither written nor put back: ${(cause as Error).message}`, cause);
    }
    throw error;
  }
}
