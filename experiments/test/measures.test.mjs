// The measures of quality against values that are known.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../random.mjs";
import { eigen, frechetDistance, momentsOf } from "../tasks/frechet.mjs";
import { editDistance } from "../tasks/pronounce.mjs";

const near = (actual, expected, tolerance, what) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${what}: ${actual}, expected ${expected}, seed 1`);

test("moments of rows", () => {
  const { mean, covariance } = momentsOf([1, 0, 3, 4, 5, 2], 2);
  assert.deepEqual([...mean], [3, 2]);
  assert.deepEqual(covariance.map((row) => [...row]), [[4, 2], [2, 4]]); // prettier-ignore
});

test("eigenvalues and eigenvectors", () => {
  const random = new Random(1);
  const size = 12;
  const half = Array.from({ length: size }, () => Array.from({ length: size }, () => random.normal()));
  const matrix = half.map((row) => half.map((other) => row.reduce((sum, x, k) => sum + x * other[k], 0)));
  const { values, vectors } = eigen(matrix);
  for (let i = 0; i < size; ++i)
    for (let j = 0; j < size; ++j) {
      const rebuilt = values.reduce((sum, value, k) => sum + vectors[i][k] * value * vectors[j][k], 0);
      near(rebuilt, matrix[i][j], 1e-9, `element ${i}, ${j}`);
    }
});

test("Fréchet distance of normal distributions", () => {
  const identity = [[1, 0], [0, 1]]; // prettier-ignore
  const one = { mean: [0, 0], covariance: identity };
  near(frechetDistance(one, one), 0, 1e-12, "to itself");
  near(frechetDistance(one, { mean: [3, 4], covariance: identity }), 25, 1e-12, "of means");
  // tr(I + C − 2√C) with the eigenvalues 4 and 9 of C
  const c = [[6.5, 2.5], [2.5, 6.5]]; // prettier-ignore
  near(frechetDistance(one, { mean: [0, 0], covariance: c }), 1 + 4, 1e-9, "of covariances");
  near(frechetDistance({ mean: [0, 0], covariance: c }, one), 1 + 4, 1e-9, "the other way round");
});

test("edit distance", () => {
  const distance = (a, b) => editDistance([...a], [...b]);
  assert.equal(distance("kitten", "sitting"), 3);
  assert.equal(distance("", "abc"), 3);
  assert.equal(distance("abc", ""), 3);
  assert.equal(distance("flaw", "lawn"), 2);
  assert.equal(distance("same", "same"), 0);
});
