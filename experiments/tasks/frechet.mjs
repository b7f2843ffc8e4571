// The Fréchet distance between two sets of feature vectors, taken as normal distributions (Heusel and others, 2017).

/** Mean and covariance of the rows of a matrix with `width` columns. */
export function momentsOf(rows, width) {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let k = 0; k < rows.length; ++k) mean[k % width] += rows[k] / count;
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  const centered = new Float64Array(width);
  for (let row = 0; row < count; ++row) {
    for (let i = 0; i < width; ++i) centered[i] = rows[row * width + i] - mean[i];
    for (let i = 0; i < width; ++i) for (let j = 0; j < width; ++j) covariance[i][j] += (centered[i] * centered[j]) / (count - 1);
  }
  return { mean, covariance };
}

/** Rotates rows and columns p and q of a symmetric matrix so that element (p, q) is 0; `vectors` follow. */
function rotate(a, vectors, p, q) {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (const row of [...a, ...vectors]) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (let k = 0; k < a.length; ++k) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
}

/** Eigenvalues and eigenvectors (as columns) of a symmetric matrix, by Jacobi's method. */
export function eigen(matrix) {
  const size = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const vectors = a.map((_, i) => Float64Array.from({ length: size }, (_, j) => Number(i === j)));
  const scale = Math.max(...a.map((row, k) => Math.abs(row[k])), Number.MIN_VALUE);
  for (let sweep = 0; sweep < 50; ++sweep) {
    let largest = 0;
    for (let p = 0; p < size; ++p)
      for (let q = p + 1; q < size; ++q) {
        largest = Math.max(largest, Math.abs(a[p][q]));
        if (Math.abs(a[p][q]) > 1e-14 * scale) rotate(a, vectors, p, q);
      }
    if (largest <= 1e-12 * scale) break;
  }
  return { values: a.map((row, k) => row[k]), vectors };
}

const times = (a, b) => a.map((row) => Float64Array.from(b[0], (_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));

function squareRoot(matrix) {
  const { values, vectors } = eigen(matrix);
  const scaled = vectors.map((row) => row.map((x, k) => x * Math.sqrt(Math.max(0, values[k]))));
  return scaled.map((row) => Float64Array.from(vectors, (other) => row.reduce((sum, x, k) => sum + x * other[k], 0)));
}

/** ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2·√(√C₁·C₂·√C₁)) */
export function frechetDistance(one, other) {
  const root = squareRoot(one.covariance);
  const product = eigen(times(times(root, other.covariance), root)).values;
  const trace = (matrix) => matrix.reduce((sum, row, k) => sum + row[k], 0);
  const between = one.mean.reduce((sum, x, k) => sum + (x - other.mean[k]) ** 2, 0);
  const common = product.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return between + trace(one.covariance) + trace(other.covariance) - 2 * common;
}
