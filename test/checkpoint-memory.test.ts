// A checkpoint without a file: the bytes that saveState writes, and loadState from an array or a Blob.
import { readFileSync } from "node:fs";
import { AdaBelief, parameter } from "../lib";
import { crc32 } from "../lib/browser/crc32";
import { crc32 as nodes } from "../lib/checkpoint/crc32";
import { expectSameBits } from "./helpers/bits";
import { thrownBy } from "./helpers/snapshot";
import { temporaryFolder } from "./helpers/folder";

const at = temporaryFolder();
const values = (length: number) => Float32Array.from({ length }, (_, i) => ((i * 7919) % 1000) / 500 - 1);

/** An optimizer after a step, over parameters that take several chunks of a file. */
function trained() {
  const parameters = [3, 70_000, 1_100_000].map((length) => parameter(values(length), { grad: values(length).reverse() }));
  const optimizer = new AdaBelief(parameters, { lr: 1e-2 });
  optimizer.step();
  return { parameters, optimizer };
}

const options = { parameters: true, extra: { epoch: 3 } };

it("encodeState returns what saveState writes", async () => {
  const { optimizer } = trained();
  await optimizer.saveState(at("state"), options);
  expect(Buffer.compare(optimizer.encodeState(options), readFileSync(at("state")))).toBe(0);
});

describe("loadState from", () => {
  it.each<[string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array | Blob]>([
    ["an array", (bytes) => bytes],
    ["a part of an array", (bytes) => Buffer.concat([new Uint8Array(5), bytes, new Uint8Array(3)]).subarray(5, -3)],
    ["a Blob", (bytes) => new Blob([bytes])],
  ])("%s goes on from there", async (_, wrap) => {
    const first = trained();
    const from = wrap(first.optimizer.encodeState(options));
    const second = trained();
    second.optimizer.step();
    await expect(second.optimizer.loadState(from, { parameters: true })).resolves.toEqual({ extra: { epoch: 3 } });
    first.optimizer.step();
    second.optimizer.step();
    second.parameters.forEach(({ data }, k) => expectSameBits(data, first.parameters[k]?.data as Float32Array, `parameter ${k}`));
  });

  it.each<[string, (bytes: Uint8Array<ArrayBuffer>) => unknown, string, string]>([
    ["bytes that are cut short", (bytes) => bytes.subarray(0, -1), "ERR_CHECKPOINT", "The checkpoint: "],
    ["a damaged Blob", (bytes) => new Blob([bytes.fill(1, -100, -90)]), "ERR_CHECKPOINT", "The checkpoint: "],
    [
      "a Blob that answers with more than was asked for",
      (bytes) =>
        new (class extends Blob {
          override slice() {
            return new Blob([new Uint8Array(1e5)]);
          }
        })([bytes]),
      "ERR_CHECKPOINT",
      "The checkpoint: ",
    ],
    ["nothing", () => new Uint8Array(0), "ERR_CHECKPOINT", "The checkpoint: "],
    ["an array of another type", () => new Float32Array(9), "ERR_INVALID_OPTION", "a Float32Array of 9"],
    ["an ArrayBuffer", (bytes) => bytes.buffer, "ERR_INVALID_OPTION", "an object"],
  ])("%s is a coded error, and nothing is changed", async (_, damage, code, text) => {
    const { optimizer } = trained();
    const before = optimizer.encodeState(options);
    const given = damage(optimizer.encodeState(options)) as Uint8Array;
    await expect(optimizer.loadState(given)).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string });
    expect(Buffer.compare(optimizer.encodeState(options), before)).toBe(0);
  });
});

it("encodeState refuses what saveState refuses", () => {
  const { optimizer } = trained();
  expect(thrownBy(() => optimizer.encodeState({ extra: NaN }))).toMatchObject({ code: "ERR_CHECKPOINT" });
  expect(thrownBy(() => optimizer.encodeState({ extras: 1 } as object))).toMatchObject({ code: "ERR_UNKNOWN_OPTION" });
});

it("the checksum for browsers is Node's", () => {
  const bytes = new Uint8Array(values(1000).buffer);
  expect(crc32(bytes)).toBe(nodes(bytes));
  expect(crc32(bytes.subarray(77), crc32(bytes.subarray(0, 77)))).toBe(nodes(bytes));
  expect(crc32(new Uint8Array(0))).toBe(0);
});
