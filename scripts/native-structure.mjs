// The structure of native/: no long file, no long function, no header that includes itself, no arrow up.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const longestFile = 250;
const longestFunction = 60;

/** Which folders the files of a folder may include. The files beside the folders tie engines together, and may include all. */
const below = {
  update: [],
  platform: [],
  core: ["update", "platform"],
  table: ["core", "update"],
  cpu: ["table", "core", "update", "platform"],
  cuda: ["table", "core", "update", "platform"],
  mpi: ["cpu", "core", "update", "platform"],
  wasm: ["table", "cpu", "core", "update", "."],
  addon: ["table", "cpu", "cuda", "mpi", "core", "update", "platform", "."],
};

const files = readdirSync("native", { recursive: true })
  .filter((path) => /\.(h|cpp|cu)$/.test(path))
  .map((path) => join("native", path));
const linesOf = new Map(files.map((path) => [path, readFileSync(path, "utf8").trimEnd().split("\n")]));
const folderOf = (path) => relative("native", dirname(path)) || ".";
const problems = [];

/** Functions by the layout of clang-format: from a line that ends in "{" to the "}" under its beginning. */
function checkLengths(path, lines) {
  if (lines.length > longestFile) problems.push(`${path}: ${lines.length} lines, and ${longestFile} are enough`);
  lines.forEach((line, begin) => {
    const [, indent] =
      /^( *)(?!namespace|class|struct|enum|extern|using|union|const|constexpr|static const|[}/#]).*\) ?(const |noexcept |override )*\{$/.exec(
        line,
      ) ?? [];
    if (indent === undefined || indent.length > 2) return;
    const length = lines.slice(begin).findIndex((end) => end.startsWith(`${indent}}`));
    if (length > longestFunction)
      problems.push(`${path}:${begin + 1}: a function of ${length} lines, and ${longestFunction} are enough`);
  });
}

/** The files of this project that a file includes. */
const includesOf = (path) =>
  linesOf.get(path).flatMap((line) => {
    const [, name] = /^#include "(.+)"$/.exec(line) ?? [];
    if (name === undefined) return [];
    return [join(dirname(path), name), join("native", name)].filter((found) => linesOf.has(found)).slice(0, 1);
  });

function checkArrows(path) {
  const from = folderOf(path);
  if (from === ".") return;
  for (const included of includesOf(path)) {
    const to = folderOf(included);
    if (to !== from && !below[from].includes(to)) problems.push(`${path} includes ${included}: ${from} knows no ${to}`);
  }
}

const done = new Set();
function checkCycles(path, way = []) {
  if (way.includes(path)) problems.push(`A cycle: ${[...way.slice(way.indexOf(path)), path].join(" → ")}`);
  else if (!done.has(path)) {
    for (const included of includesOf(path)) checkCycles(included, [...way, path]);
    done.add(path);
  }
}

for (const [path, lines] of linesOf) {
  checkLengths(path, lines);
  checkArrows(path);
  checkCycles(path);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
console.log(`native/: ${files.length} files, ${problems.length} problems of structure`);
process.exit(problems.length > 0 ? 1 : 0);
