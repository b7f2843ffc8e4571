// What ranks do together: agreement first, then the exchange; and one batch after the other.
import type { MpiFailure } from "../native/engine";
import { encode, errorOf, type Intention } from "./agreement";
import type { Transport } from "./world";

let batches = 0;

/** A number for exchanges that come to nothing together: once one of them has failed, native code begins no other. */
export const nextBatch = (): number => ++batches;

/** Why this rank refuses to take part. */
export interface Refusal {
  readonly error: unknown;
}

/** Runs local checks. Their error must not be thrown before the other ranks know of it. */
export function attempt<T>(check: () => T): { done: T } | Refusal {
  try {
    return { done: check() };
  } catch (error) {
    return { error };
  }
}

const textOfError = (error: unknown): string => {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return `${typeof code === "string" ? `${code}: ` : ""}${typeof message === "string" ? message : String(error)}`;
};

/** Says what this rank is about to do, or that it refuses. */
export function agree(
  { calls }: Transport,
  intention: Intention,
  refusal?: Refusal,
  batch = -1,
): Promise<MpiFailure | undefined> {
  const message = refusal === undefined ? "" : textOfError(refusal.error);
  return calls.agree(refusal === undefined, encode(intention), message, batch);
}

/** Waits for everything that was begun. Throws this rank's own error, else the first failure's. */
export async function settle(outcomes: readonly Promise<MpiFailure | undefined>[], refusal?: Refusal): Promise<void> {
  const failures = await Promise.all(outcomes);
  const failure = failures.find((one) => one !== undefined);
  if (failure === undefined) return;
  const error = errorOf(failure) as Error & { code: string };
  if (refusal !== undefined && error.code === "ERR_MPI_PEER") throw refusal.error;
  throw error;
}

/** The same for one agreement. */
export const agreeNow = (transport: Transport, intention: Intention, refusal?: Refusal): Promise<void> =>
  settle([agree(transport, intention, refusal)], refusal);
