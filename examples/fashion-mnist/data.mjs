// Fashion-MNIST from the Debian package dataset-fashion-mnist (MIT licence; 2017, Zalando SE), in the idx format.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const folder = process.env.FASHION_MNIST ?? "/usr/share/datasets/fashion-mnist";
const size = 28 * 28;

/** Installs the package where it is missing and that is possible, and says so. */
function requireData() {
  if (existsSync(folder)) return;
  console.error(`There is no ${folder}: installing the Debian package dataset-fashion-mnist`);
  const { status } = spawnSync("sh", ["-c", "apt-get update -q && apt-get install -qy dataset-fashion-mnist"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status === 0 && existsSync(folder)) return;
  console.error("That did not work. Install it (sudo apt-get install dataset-fashion-mnist), or download the four files of");
  console.error("https://github.com/zalandoresearch/fashion-mnist and name their folder: FASHION_MNIST=~/fashion-mnist");
  process.exit(1);
}

/** `count` images of a set, "train" or "t10k", from number `from` on: pixels in [0, 1], end to end, and the kinds of clothing, 0 to 9. */
export function readClothes(set, from, count) {
  requireData();
  const read = (what, header) => gunzipSync(readFileSync(join(folder, `${set}-${what}-ubyte.gz`))).subarray(header);
  const bytes = read("images-idx3", 16).subarray(from * size, (from + count) * size);
  const labels = Int32Array.from(read("labels-idx1", 8).subarray(from, from + count));
  return { pixels: Float32Array.from(bytes, (byte) => byte / 255), labels, count: labels.length };
}
