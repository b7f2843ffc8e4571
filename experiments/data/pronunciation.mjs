// English words and their phonemes: the CMU pronouncing dictionary (BSD), from the npm package cmu-pronouncing-dictionary (ISC).
import { dictionary } from "cmu-pronouncing-dictionary";
import { Random } from "../random.mjs";

/** Tokens of a target that are no phonemes. */
export const [padding, start, stop] = [0, 1, 2];

/** The number of letters and of phonemes, special tokens included. */
export const vocabularies = { letters: 27, phonemes: 42 };

/** Letters as 1 to 26, and 0 after them. */
const lettersOf = (word) => Array.from(word, (letter) => letter.charCodeAt(0) - 96);

/** All words of a to z of at most `length` letters and phonemes, in an order that is always the same: { letters, phonemes }. */
function readWords(length) {
  const names = new Map();
  const number = (phoneme) => {
    if (!names.has(phoneme)) names.set(phoneme, names.size + stop + 1);
    return names.get(phoneme);
  };
  const words = Object.entries(dictionary)
    .filter(([word]) => /^[a-z]+$/.test(word) && word.length <= length)
    .map(([word, sounds]) => ({
      word,
      letters: lettersOf(word),
      phonemes: sounds
        .replace(/ #.*/, "")
        .split(" ")
        .map((sound) => number(sound.replace(/[0-9]/, ""))), // without comments and stress
    }))
    .filter(({ phonemes }) => phonemes.length < length);
  if (names.size + stop + 1 !== vocabularies.phonemes)
    throw new Error(`Expected ${vocabularies.phonemes - stop - 1} phonemes, got ${names.size}`);
  return new Random(1).shuffle(words);
}

/** Words to train on, to validate and to test with. */
export function readPronunciations({ length, counts }) {
  const words = readWords(length);
  let from = 0;
  const sets = Object.entries(counts).map(([name, count]) => [name, words.slice(from, (from += count))]);
  if (from > words.length) throw new RangeError(`There are ${words.length} words of up to ${length} letters, not ${from}`);
  return Object.fromEntries(sets);
}
