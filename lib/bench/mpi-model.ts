// What a step over ranks costs, by a model.
//
//     exchange(R) = 2·(R−1)·α·B + 8·N·(R−1)/R·β        N parameters in B buckets, gradients there and parameters back
//     step(R)     = s/R                                each rank steps its own part; s: the whole on one rank
//     efficiency  = (g + s) / (g + exchange(R) + step(R))
//
// g is the time of a rank's gradients, which stays the same: R ranks do R times the work. With `ready` the way there hides behind the
// backward pass, two thirds of g.

export interface Network {
  /** Seconds that a message takes at least. */
  readonly alpha: number;
  /** Seconds a byte. */
  readonly beta: number;
}

export interface Load {
  readonly parameters: number;
  readonly bucket: number;
  /** Seconds of the gradients, and of the step on one rank. */
  readonly gradients: number;
  readonly step: number;
}

/** The bytes that a rank sends for each parameter in a step, gradients and parameters. */
export const bytesSent = (ranks: number): number => (8 * (ranks - 1)) / ranks;

function exchangeTime({ alpha, beta }: Network, { parameters, bucket }: Load, ranks: number): number {
  const buckets = Math.max(1, Math.round(parameters / bucket));
  return 2 * (ranks - 1) * alpha * buckets + bytesSent(ranks) * parameters * beta;
}

/** The share of the time of R ranks that one rank alone would have needed for the same work a rank. */
export function efficiency(network: Network, load: Load, ranks: number, overlapped: boolean): number {
  const { gradients, step } = load;
  const exchange = exchangeTime(network, load, ranks);
  const hidden = overlapped ? Math.min(exchange / 2, (2 / 3) * gradients) : 0;
  return (gradients + step) / (gradients + exchange - hidden + step / ranks);
}
