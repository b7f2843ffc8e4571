// Safetensors files that are damaged or made to do damage, and tensors that cannot be written.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { encodeSafetensors, readSafetensors, writeSafetensors } from "../lib";
import { fails } from "./helpers/checkpoint";
import { damage } from "./helpers/damage";
import { temporaryFolder } from "./helpers/folder";
import { makeRandom } from "./helpers/random";
import { decode, headerBytes } from "./helpers/safetensors";
import { thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();
const file = (header: string | Uint8Array, data = 0) => Buffer.concat([headerBytes(header), Buffer.alloc(data)]);
const entry = (dtype: string, shape: string, begin: number, end: number) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

describe("a file is refused", () => {
  const deep = `{"a":${"[".repeat(200)}${"]".repeat(200)}}`;
  const claims = Buffer.alloc(8);
  claims.writeBigUInt64LE(2n ** 63n);
  const huge = Buffer.alloc(16);
  huge.writeBigUInt64LE(100_000_001n);
  const cases: [string, Buffer, RegExp][] = [
    ["of no bytes", Buffer.alloc(0), /not a safetensors file: it has 0 bytes/],
    ["of seven bytes", Buffer.alloc(7), /it has 7 bytes/],
    [
      "whose header is longer than it is",
      Buffer.concat([claims, Buffer.from("{}")]),
      /a header of 9223372036854775808 bytes where 2 are left/,
    ],
    ["cut within its header", file('{"a":1}').subarray(0, 12), /cut short/],
    ["cut within its tensors", file(`{"a":${entry("F32", "[2]", 0, 8)}}`, 7), /its tensors take 8 bytes, and it has 7/],
    ["with bytes behind its tensors", file(`{"a":${entry("F32", "[2]", 0, 8)}}`, 9), /its tensors take 8 bytes, and it has 9/],
    ["whose header is no JSON", file("{a}"), /its header is not JSON/],
    ["whose header is no object", file("[1]"), /does not begin with \{/],
    ["whose header is no UTF-8", file(Uint8Array.of(0x7b, 0xff, 0x7d)), /not UTF-8/],
    ["with a name twice", file(`{"a":${entry("U8", "[0]", 0, 0)},"a":${entry("U8", "[0]", 0, 0)}}`), /has a key twice/],
    [
      "with a key of a tensor twice",
      file('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      /has a key twice/,
    ],
    ["with a name __proto__", file(`{"__proto__":${entry("U8", "[0]", 0, 0)}}`), /has a key __proto__/],
    ["with a key __proto__ in its metadata", file('{"__metadata__":{"__proto__":"1"}}'), /has a key __proto__/],
    ["nested too deep", file(deep), /nested more than 100 levels deep/],
    ["with metadata that is no object", file('{"__metadata__":[]}'), /__metadata__ is not an object/],
    ["with metadata that is no string", file('{"__metadata__":{"a":1}}'), /"a" is not a string/],
    ["with a type that safetensors does not know", file(`{"a":${entry("F31", "[0]", 0, 0)}}`), /has dtype "F31"/],
    ["with a type named as a method", file(`{"a":${entry("toString", "[0]", 0, 0)}}`), /has dtype "toString"/],
    ["with a key that no tensor has", file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}'), /has a key "x"/],
    ["with a gap", file(`{"a":${entry("U8", "[1]", 1, 2)}}`, 2), /"a" begins at 1, and the tensor before it ends at 0/],
    ["with an overlap", file(`{"a":${entry("U8", "[2]", 0, 2)},"b":${entry("U8", "[2]", 1, 3)}}`, 3), /"b" begins at 1/],
    ["with a tensor that stands backwards", file(`{"a":${entry("U8", "[1]", 1, 0)}}`, 1), /span -1/],
    [
      "with offsets that its shape does not fill",
      file(`{"a":${entry("F16", "[3]", 0, 8)}}`, 8),
      /takes 6 bytes, and its data_offsets span 8/,
    ],
    ["with a shape beyond all numbers", file(`{"a":${entry("U8", "[9007199254740991,9007199254740991]", 0, 1)}}`, 1), /takes/],
    ["with a negative size", file(`{"a":${entry("U8", "[-1]", 0, 1)}}`, 1), /its shape must be/],
    ["with half a size", file(`{"a":${entry("U8", "[0.5]", 0, 1)}}`, 1), /its shape must be/],
    ["with 65 dimensions", file(`{"a":${entry("U8", `[${Array(65).fill(1).join()}]`, 0, 1)}}`, 1), /at most 64 whole numbers/],
    [
      "with three offsets",
      file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}'),
      /data_offsets must be two whole numbers/,
    ],
  ];
  it.each(cases)("%s", async (_, bytes, message) => {
    writeFileSync(at("bad"), bytes);
    for (const [from, source] of [
      [bytes, "The safetensors file"],
      [new Blob([new Uint8Array(bytes)]), "The safetensors file"],
      [at("bad"), at("bad")],
    ] as const) {
      const error = await fails(readSafetensors(from));
      expect(error.message).toMatch(message);
      expect([error.code, error.message.startsWith(`${source}: `)]).toEqual(["ERR_SAFETENSORS", true]);
    }
  });

  it("whose header is longer than the format allows, before memory is taken for it", async () => {
    const bytes = new Uint8Array(100_000_010);
    bytes.set(huge);
    expect((await fails(readSafetensors(bytes))).message).toMatch(
      /a header of 100000001 bytes, and safetensors allows 100000000/,
    );
  });

  it("that is no regular file, or not there", async () => {
    expect(await fails(readSafetensors(at()))).toMatchObject({ code: "ERR_SAFETENSORS", message: `${at()}: not a regular file` });
    expect(await fails(readSafetensors(at("nowhere")))).toMatchObject({ code: "ENOENT", path: at("nowhere") });
    const folderless = at("no-folder/weights.safetensors");
    expect(await fails(writeSafetensors(folderless, {}))).toMatchObject({ code: "ENOENT", path: folderless });
  });

  it("that is a detached array", async () => {
    const bytes = encodeSafetensors({ a: Float32Array.of(1) });
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(await fails(readSafetensors(bytes))).toMatchObject({ code: "ERR_SAFETENSORS" });
  });
});

it("5000 damaged files are refused, or read as a simple reader reads them", async () => {
  const metadata = { format: "pt", note: "a:b" };
  const sound = Buffer.from(
    encodeSafetensors(
      { w: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }, n: BigInt64Array.of(7n), u: Uint8Array.of(1, 2, 3, 4) },
      { metadata },
    ),
  );
  const seen = { refused: 0, read: 0 };
  for (let seed = 1; seen.refused + seen.read < 5000; ++seed) {
    const { bytes } = damage(sound, makeRandom(seed));
    if (bytes.equals(sound)) continue;
    let read: Awaited<ReturnType<typeof readSafetensors>>;
    try {
      read = await readSafetensors(seed % 2 === 0 ? bytes : new Blob([new Uint8Array(bytes)]));
    } catch (error) {
      seen.refused += 1;
      expect((error as { code?: string }).code).toBe("ERR_SAFETENSORS");
      expect((error as Error).message.length).toBeLessThan(1000);
      continue;
    }
    seen.read += 1;
    const { tensors, metadata: theirs } = decode(bytes);
    expect(Object.fromEntries(read.metadata)).toEqual(theirs);
    expect([...read.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, { dtype, shape, data }] of read.tensors) {
      expect({ dtype, shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }).toEqual({
        ...tensors[name],
        bytes: new Uint8Array(tensors[name]?.bytes ?? []),
      });
    }
  }
  expect(seen.refused).toBeGreaterThan(1000);
  expect(seen.read).toBeGreaterThan(500);
}, 60_000);

describe("options are checked", () => {
  const bytes = encodeSafetensors({ a: Float32Array.of(1) });
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      "an unknown option",
      () => readSafetensors(bytes, { name: "a" } as never),
      "ERR_UNKNOWN_OPTION",
      /readSafetensors has no option "name"/,
    ],
    [
      "widen that is no flag",
      () => readSafetensors(bytes, { widen: 1 as never }),
      "ERR_INVALID_OPTION",
      /widen must be true or false/,
    ],
    [
      "names that are one string",
      () => readSafetensors(bytes, { names: "a" }),
      "ERR_INVALID_OPTION",
      /names must be an iterable of strings/,
    ],
    [
      "names that are numbers",
      () => readSafetensors(bytes, { names: [0 as never] }),
      "ERR_INVALID_OPTION",
      /names must be strings, got 0/,
    ],
    ["null", () => readSafetensors(bytes, null as never), "ERR_INVALID_OPTION", /options of readSafetensors must be an object/],
    [
      "no path",
      () => readSafetensors(7 as never),
      "ERR_INVALID_OPTION",
      /path of a safetensors file must be a string or a file: URL, got 7/,
    ],
    [
      "no path to write to",
      () => writeSafetensors(bytes as never, {}),
      "ERR_INVALID_OPTION",
      /path of a safetensors file must be/,
    ],
    ["an option to write with", () => writeSafetensors(at("x"), {}, { meta: {} } as never), "ERR_UNKNOWN_OPTION", /"meta"/],
  ])("%s", async (_, act, code, message) => {
    const error = await fails(act());
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});

describe("what cannot be written is refused, and the old file stays", () => {
  const a = Float32Array.of(1);
  const cases: [string, unknown, unknown, RegExp][] = [
    ["an array of tensors", a, {}, /The tensors must be an object, a Map or pairs/],
    ["null", null, {}, /The tensors must be an object, a Map or pairs of a name and a value, got null/],
    ["things that are no pairs", [a], {}, /must be pairs of a name and a value/],
    ["a name that is a number", [[0, a]], {}, /a name must be a string, got 0/],
    [
      "a name twice",
      [
        ["a", a],
        ["a", a],
      ],
      {},
      /the name "a" stands twice/,
    ],
    ["the name __metadata__", { __metadata__: a }, {}, /the name __metadata__ has another meaning/],
    ["the name __proto__", [["__proto__", a]], {}, /the name __proto__ has another meaning/],
    ["half a surrogate pair", { "\ud800": a }, {}, /is no Unicode text/],
    ["an array of numbers", { a: [1, 2] }, {}, /"a": data must be an array of numbers, got undefined/],
    ["a number", { a: 1 }, {}, /"a" must be an array or have data, got 1/],
    ["a DataView", { a: new DataView(new ArrayBuffer(4)) }, {}, /data must be an array of numbers/],
    [
      "a type that the array is not",
      { a: { data: a, dtype: "F16" } },
      {},
      /a Float32Array of 1 holds F32, and its dtype is "F16"/,
    ],
    ["a type that no array is", { a: { data: a, dtype: "F31" } }, {}, /its dtype is "F31"/],
    ["a shape that is too large", { a: { data: a, shape: [2] } }, {}, /a shape of \[2\] has 2 elements, its data 1/],
    ["a shape that is a number", { a: { data: a, shape: 1 } }, {}, /shape must be at most 64 whole numbers, got 1/],
    ["a shape of halves", { a: { data: a, shape: [0.5, 2] } }, {}, /shape must be at most 64 whole numbers/],
    ["65 dimensions", { a: { data: a, shape: Array(65).fill(1) } }, {}, /at most 64/],
    ["metadata that is a number", { a }, { metadata: { epoch: 1 } }, /metadata "epoch" must be a string, got 1/],
    ["metadata that is a string", { a }, { metadata: "x" }, /metadata must be an object/],
    ["metadata with half a surrogate pair", { a }, { metadata: { x: "\udc00" } }, /metadata "x" is no Unicode text/],
    [
      "more names than a header may have",
      Object.fromEntries(Array.from({ length: 3 }, (_, k) => [`${k}${"x".repeat(4e7)}`, a])),
      {},
      /its header would take/,
    ],
  ];
  it.each(cases)("%s", async (_, tensors, options, message) => {
    await writeSafetensors(at("kept"), { old: a });
    const before = readFileSync(at("kept"));
    const error = await fails(writeSafetensors(at("kept"), tensors as never, options as never));
    expect(error.message).toMatch(message);
    expect(error.code).toBe("ERR_SAFETENSORS");
    expect(thrownBy(() => encodeSafetensors(tensors as never, options as never))).toMatchObject({ code: "ERR_SAFETENSORS" });
    expect(readFileSync(at("kept")).equals(before)).toBe(true);
  });

  it("and no other file is left", async () => {
    expect(readdirSync(at()).filter((name) => name.includes("adabelief-"))).toEqual([]);
    const error = await fails(writeSafetensors(at(), { a }));
    expect(error).toMatchObject({ code: "ERR_SAFETENSORS", message: `${at()}: not a regular file` });
  });
});
