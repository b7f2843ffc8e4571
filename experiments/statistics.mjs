// Means, spreads and paired differences of a few values.

export const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard deviation of a sample. */
export function spreadOf(values) {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** The 97.5 % quantiles of Student's distribution with 1, 2, … degrees of freedom. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** The mean of the differences of pairs, with its 95 % interval by Student's distribution. */
export function differenceOf(pairs) {
  const differences = pairs.map(([value, reference]) => value - reference);
  const mean = meanOf(differences);
  const quantile = quantiles[pairs.length - 2];
  if (quantile === undefined) throw new RangeError(`Expected 2 to ${quantiles.length + 1} pairs, got ${pairs.length}`);
  const half = (quantile * spreadOf(differences)) / Math.sqrt(pairs.length);
  return { mean, low: mean - half, high: mean + half };
}
