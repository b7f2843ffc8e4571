// Files of an npm package that is too large, or has too many dependencies of its own, to be installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** Where downloaded and decoded data are kept. */
export const cache = join(import.meta.dirname, "..", "build", "data");

/** The files of a tar archive, [name, content] each. */
function* filesOf(archive) {
  const text = (start, length) => archive.toString("latin1", start, start + length).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    yield [text(at, 100), archive.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function download(name, version, integrity) {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "download-"));
  try {
    const { status, stdout, stderr } = spawnSync(
      "npm",
      ["pack", "--silent", "--pack-destination", folder, `${name}@${version}`],
      {
        encoding: "utf8",
      },
    );
    if (status !== 0) throw new Error(`npm pack ${name}@${version} failed: ${stderr}`);
    const packed = readFileSync(join(folder, stdout.trim().split("\n").at(-1)));
    const hash = `sha512-${createHash("sha512").update(packed).digest("base64")}`;
    if (hash !== integrity) throw new Error(`${name}@${version} has the checksum ${hash}, expected ${integrity}`);
    return gunzipSync(packed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The content of `names` in a package, as an array of buffers. */
export function readPackage({ name, version, integrity }, names) {
  process.stderr.write(`Downloading the npm package ${name}...\n`);
  const found = new Map(filesOf(download(name, version, integrity)));
  return names.map((file) => {
    const content = found.get(`package/${file}`);
    if (content === undefined) throw new Error(`${name}@${version} has no file ${file}`);
    return content;
  });
}

/** The path of a file of the cache; `make` computes its content the first time. */
export function cached(file, make) {
  const path = join(cache, file);
  if (!existsSync(path)) {
    const content = make();
    mkdirSync(cache, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, content);
    renameSync(`${path}.${process.pid}`, path);
  }
  return path;
}
