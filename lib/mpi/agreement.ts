// What ranks agree on before they exchange anything, and the errors where they do not.
import { plainError } from "../errors";
import type { MpiFailure } from "../native/engine";

/** Native code's `Fault`. */
const fault = { peer: 1, disagree: 2, timeout: 3, lost: 4 } as const;

/** Everything that a rank may be about to do with the others. */
export const call = {
  bucket: 1,
  step: 2,
  gather: 3,
  broadcast: 4,
  stateDict: 5,
  save: 6,
  load: 7,
  take: 8,
  close: 9,
  swapEma: 10,
} as const;

/** The parts of an agreement, as messages name them. Their order is native code's. */
const parts = {
  call: "the method that is called",
  layout: "the parameters, or how they are sharded",
  step: "the number of the step",
  bucket: "the bucket, or the part of a state, that comes next",
  gradients: "which parameters have a gradient",
  options: "the options of the step or of the groups",
  state: "the state that the parameters have",
  average: "whether an average is given",
} as const;

type Part = keyof typeof parts;
const order = Object.keys(parts) as Part[];

/** What a rank is about to do: a number for each part, 0 for those that it lacks. */
export type Intention = Partial<Record<Part, number>>;

export function encode(intention: Intention): Float64Array {
  const numbers = new Float64Array(order.length);
  order.forEach((part, k) => (numbers[k] = intention[part] ?? 0));
  return numbers;
}

/** The error of a failure that native code reports. All ranks make the same one. */
export function errorOf({ fault: why, message, rank, part }: MpiFailure): Error {
  switch (why) {
    case fault.peer:
      return plainError("ERR_MPI_PEER", `Rank ${rank} refused, and nothing was changed on any rank: ${message}`);
    case fault.disagree: {
      const what = parts[order[part] as Part];
      return plainError("ERR_MPI_DISAGREE", `Rank ${rank} disagrees on ${what}; nothing was changed on any rank`);
    }
    case fault.timeout: {
      const advice = "is it stopped, or did it never come? The job must be started again, from a checkpoint";
      return plainError("ERR_MPI_TIMEOUT", `MPI: ${message}; ${advice}`);
    }
    default:
      return plainError("ERR_MPI_LOST", `MPI: ${message}. The job must be started again, from a checkpoint`);
  }
}

/** 53 bits of a text, for comparison with other ranks'. */
export function hashOf(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}

/** A value as text, the same for the same numbers. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === "number" ? (Object.is(item, -0) ? "-0" : String(item)) : item));
