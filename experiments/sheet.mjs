// The images of recorded GANs as one PNG: a row for each optimizer, in the order of the settings.
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { pathFromCaller, readOptions } from "../examples/shared/options.mjs";
import { resultsFolder } from "./folders.mjs";
import { readResults, resultsByOptimizer } from "./table.mjs";

const gap = 2; // pixels between two images
const zoom = 2;

/** Rows of grey images, `size` pixels wide and high, as a PNG. */
export function drawSheet(rows, size) {
  const cell = size * zoom + gap;
  const columns = Math.max(...rows.map((bytes) => bytes.length / size ** 2));
  const sheet = new PNG({ width: columns * cell + gap, height: rows.length * cell + gap });
  sheet.data = Buffer.alloc(sheet.width * sheet.height, 255);
  rows.forEach((bytes, row) => {
    for (let k = 0; k < bytes.length * zoom ** 2; ++k) {
      const [image, at] = [Math.floor(k / (size * zoom) ** 2), k % (size * zoom) ** 2];
      const [y, x] = [Math.floor(at / (size * zoom)), at % (size * zoom)];
      const to = (gap + row * cell + y) * sheet.width + gap + image * cell + x;
      sheet.data[to] = bytes[image * size ** 2 + Math.floor(y / zoom) * size + Math.floor(x / zoom)];
    }
  });
  return PNG.sync.write(sheet, { colorType: 0, inputColorType: 0, inputHasAlpha: false });
}

if (import.meta.filename === process.argv[1]) {
  const { size, model, table, columns, from, png } = readOptions("Images of recorded GANs", {
    model: ["wgan-gp", "model of the results"],
    size: ["small", "smoke, small or paper"],
    table: ["paper", "paper or grid"],
    columns: [20, "images of each optimizer", 1],
    from: ["", "folder of the results"],
    png: ["", "file of the picture"],
  });
  const folder = resultsFolder(from, size);
  const groups = resultsByOptimizer(readResults(folder, { size, task: "gan", model }), table);
  const drawn = groups.filter(([, [first]]) => first.images !== undefined);
  const pixels = drawn[0][1][0].images.size;
  const rows = drawn.map(([, [first]]) => Buffer.from(first.images.bytes, "base64").subarray(0, columns * pixels ** 2));
  const path = png === "" ? join(folder, `${size}-gan-${model}-${table}.png`) : pathFromCaller(png);
  writeFileSync(path, drawSheet(rows, pixels));
  console.log(`Rows: ${drawn.map(([name]) => name).join(", ")}. Picture: ${path}`);
}
