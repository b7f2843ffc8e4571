import { proportion, refuseUnknownKeys, requireObject, whole } from "./options";
import type { LookaheadOptions } from "./rule";

const everySteps = whole(1);

/** Checks Lookahead's options: k from 1 on, default 6; alpha in [0, 1], default 0.5. */
export function readLookahead(given: unknown): LookaheadOptions {
  requireObject(given, "The options of Lookahead");
  refuseUnknownKeys(given, ["k", "alpha"], "Lookahead");
  const { k = 6, alpha = 0.5 } = given;
  return Object.freeze({ k: everySteps(k, "k"), alpha: proportion(alpha, "alpha") });
}
