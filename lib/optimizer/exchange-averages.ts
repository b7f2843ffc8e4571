// The exchange of parameters' values with their moving averages.
import { isCudaArray } from "../cuda/array";
import { requireUnleased, nativeOf, type Floats } from "../arrays/placement";
import { bufferOf, lengthOf, plainError, rangeError } from "../errors";
import { addon, role } from "../native/engine";
import { requireFloats, requireUnchanged } from "../step/memory-checks";
import type { TrackedParameter } from "../step/tracked-parameter";
import { writeToDevices } from "../checkpoint/values";
import { bytesOf } from "../wasm/memory";

interface Pair {
  readonly tracked: TrackedParameter;
  readonly data: Floats;
  readonly ema: Floats;
}

/** Exchanges the data of every parameter that has an average with it. All checks come first. */
export const exchangeAverages = (parameters: readonly TrackedParameter[]): void => planExchange(parameters)();

/** The checks. Returns what exchanges, which cannot fail on the host. */
export function planExchange(parameters: readonly TrackedParameter[]): () => void {
  const pairs = parameters.flatMap((tracked): Pair[] => {
    const { ema } = tracked;
    return ema === null ? [] : [{ tracked, data: tracked.read("data"), ema }];
  });
  if (pairs.length === 0) throw plainError("ERR_AVERAGE", "There is no average yet: no step was made with the option ema");
  for (const pair of pairs) requireWritable(pair);
  requireDisjoint(pairs);
  const onHost = pairs.flatMap(({ data, ema }) =>
    isCudaArray(data) || isCudaArray(ema) ? [] : [[wordsOf(data), wordsOf(ema)] as const],
  );
  return () => {
    exchangeOnDevices(pairs);
    for (const [data, ema] of onHost) exchange(data, ema);
  };
}

function requireWritable({ tracked, data, ema }: Pair): void {
  requireFloats(tracked, data, role.data);
  requireUnchanged(tracked, data, role.data);
  requireUnchanged(tracked, ema, role.ema);
  requireUnleased(data, `The data of ${tracked.label.toLowerCase()}`);
  requireUnleased(ema, `The average of ${tracked.label.toLowerCase()}`);
}

/** Refuses memory that would be exchanged twice. The data of a parameter may be another array than in the last step. */
function requireDisjoint(pairs: readonly Pair[]): void {
  const found = addon.overlap(pairs.flatMap(({ data, ema }) => [nativeOf(data), nativeOf(ema)]));
  if (found === null) return;
  const [one, other] = found.map((k) => (pairs[k >> 1] as Pair).tracked.label.toLowerCase());
  throw rangeError("ERR_OVERLAP", `Overlap in memory: the data or average of ${one} and of ${other}`);
}

/** The bits of an array that lies on the host: as floats, NaNs could change theirs. */
function wordsOf(array: Float32Array): Uint32Array {
  const { byteOffset } = bytesOf(array);
  return new Uint32Array(bufferOf(array), byteOffset, lengthOf(array));
}

function exchange(one: Uint32Array, other: Uint32Array): void {
  for (let i = 0; i < one.length; ++i) {
    const word = one[i] as number;
    one[i] = other[i] as number;
    other[i] = word;
  }
}

/** Exchanges what lies on devices. Where one fails, all of it is as it was. */
function exchangeOnDevices(pairs: readonly Pair[]): void {
  const writes = pairs.flatMap(({ data, ema }) => {
    if (!isCudaArray(data) || !isCudaArray(ema)) return [];
    return [
      { from: ema.read(), into: data },
      { from: data.read(), into: ema },
    ];
  });
  writeToDevices(writes);
}
