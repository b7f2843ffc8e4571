import assert from "node:assert/strict";
import { test } from "node:test";
import { PNG } from "pngjs";
import { drawSheet } from "../sheet.mjs";

test("a sheet of images, twice as large, with gaps", () => {
  const { width, height, data } = PNG.sync.read(drawSheet([[10, 20, 30, 40, 50, 60, 70, 80], [1, 2, 3, 4]], 2)); // prettier-ignore
  assert.deepEqual([width, height], [14, 14]);
  const pixel = (x, y) => data[(y * width + x) * 4];
  assert.deepEqual([pixel(0, 0), pixel(2, 2), pixel(3, 3), pixel(4, 2), pixel(2, 5), pixel(6, 2)], [255, 10, 10, 20, 30, 255]);
  assert.deepEqual([pixel(8, 2), pixel(11, 5), pixel(2, 8), pixel(5, 11), pixel(8, 8)], [50, 80, 1, 4, 255]);
});
