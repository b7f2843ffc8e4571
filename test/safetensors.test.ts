// Plain safetensors files: what is written is read, every type, views, half precision, and other libraries' files.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import {
  AdaBelief,
  cuda,
  encodeSafetensors,
  parameter,
  readSafetensors,
  writeSafetensors,
  type SafetensorsTensor,
  type TensorToWrite,
} from "../lib";
import { bitsOf, expectSameBits } from "./helpers/bits";
import { fails } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";
import { itOnDevices, itOnThreads } from "./helpers/native-only";
import { decode, encode, headerBytes } from "./helpers/safetensors";

const at = temporaryFolder();
const everyType = {
  "a.f64": { dtype: "F64", shape: [3], data: Float64Array.of(1 / 3, -0, Infinity) },
  "b.u8": { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) },
  "c.f32": { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, -2, 1e-45, -0) },
  "d.f16": { dtype: "F16", shape: [1, 2], data: Uint16Array.of(0x3c00, 0x8001) },
  "e.bf16": { dtype: "BF16", shape: [2], data: Uint16Array.of(0x3f80, 0xff80) },
  "f.i64": { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 63n)) },
  "g.u64": { dtype: "U64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  "h.i32": { dtype: "I32", shape: [1], data: Int32Array.of(-7) },
  "i.u32": { dtype: "U32", shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
  "j.i16": { dtype: "I16", shape: [1], data: Int16Array.of(-8) },
  "k.u16": { dtype: "U16", shape: [1], data: Uint16Array.of(65535) },
  "l.i8": { dtype: "I8", shape: [1], data: Int8Array.of(-128) },
  "m.bool": { dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) },
  "n.f8": { dtype: "F8_E4M3", shape: [1], data: Uint8Array.of(0x38) },
  "o.f8": { dtype: "F8_E5M2", shape: [1], data: Uint8Array.of(0x3c) },
  "p.empty": { dtype: "F32", shape: [0, 7], data: new Float32Array(0) },
  constructor: { dtype: "F32", shape: [1], data: Float32Array.of(5) },
  "q ü 😀": { dtype: "F32", shape: [1], data: Float32Array.of(6) },
} as const satisfies Record<string, SafetensorsTensor>;
const metadata = { format: "pt", länge: "5", "": "" };

const sorted = (tensors: ReadonlyMap<string, unknown>) => [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
const wanted = sorted(new Map(Object.entries(everyType)));

describe("what is written is read", () => {
  it.each<[string, () => Promise<string | URL | Uint8Array | Blob>]>([
    ["by way of a file", async () => (await writeSafetensors(at("all"), everyType, { metadata }), at("all"))],
    [
      "by way of a file: URL",
      async () => (await writeSafetensors(pathToFileURL(at("url")), everyType, { metadata }), pathToFileURL(at("url"))),
    ],
    ["from bytes", () => Promise.resolve(encodeSafetensors(everyType, { metadata }))],
    ["from a Blob", () => Promise.resolve(new Blob([encodeSafetensors(everyType, { metadata })]))],
    ["from bytes at an odd place", () => Promise.resolve(atPlace(encodeSafetensors(everyType, { metadata }), 3))],
    [
      "from Maps",
      () =>
        Promise.resolve(encodeSafetensors(new Map(Object.entries(everyType)), { metadata: new Map(Object.entries(metadata)) })),
    ],
  ])("%s", async (_, make) => {
    const { tensors, metadata: read } = await readSafetensors(await make());
    expect(sorted(tensors)).toEqual(wanted);
    expect(Object.fromEntries(read)).toEqual(metadata);
  });

  it("and written again the file is the same", async () => {
    const bytes = encodeSafetensors(everyType, { metadata });
    const { tensors, metadata: read } = await readSafetensors(bytes);
    expect(Buffer.from(encodeSafetensors(tensors, { metadata: read })).equals(bytes)).toBe(true);
  });

  it("with the format's own layout: every tensor at a multiple of its element's size", () => {
    const file = Buffer.from(encodeSafetensors(everyType, { metadata }));
    const header = Number(file.readBigUInt64LE(0));
    expect(header % 8).toBe(0);
    const entries = JSON.parse(file.toString("utf8", 8, 8 + header)) as Record<string, { data_offsets: number[] }>;
    for (const [name, { data }] of Object.entries(everyType)) {
      expect([name, (entries[name]?.data_offsets[0] as number) % data.BYTES_PER_ELEMENT]).toEqual([name, 0]);
    }
    expect(entries["__metadata__"]).toEqual(metadata);
  });

  it("without metadata where there is none, and without tensors", async () => {
    const bytes = encodeSafetensors({});
    expect(Buffer.from(bytes).toString("latin1", 8).trim()).toBe("{}");
    expect(await readSafetensors(bytes)).toEqual({ tensors: new Map(), metadata: new Map() });
  });

  it("where a large tensor takes several reads", async () => {
    const data = Float32Array.from({ length: 3_000_001 }, (_, k) => k);
    await writeSafetensors(at("large"), { small: Float64Array.of(1), data });
    const { tensors } = await readSafetensors(at("large"));
    expectSameBits(tensors.get("data")?.data as Float32Array, data, "data");
  });
});

/** The same bytes, `offset` bytes into a buffer. */
function atPlace(bytes: Uint8Array, offset: number): Uint8Array {
  const moved = new Uint8Array(bytes.length + offset).subarray(offset);
  moved.set(bytes);
  return moved;
}

describe("tensors of a Uint8Array", () => {
  const bytes = encodeSafetensors({ wide: Float64Array.of(1, 2), floats: Float32Array.of(3, 4), half: Uint16Array.of(5) });

  it("are views of it, where their place is aligned", async () => {
    const { tensors } = await readSafetensors(bytes);
    for (const { data } of tensors.values()) expect(data.buffer).toBe(bytes.buffer);
    const copied = await readSafetensors(atPlace(bytes, 4));
    expect([...copied.tensors.values()].map(({ data }) => data.buffer === bytes.buffer)).toEqual([false, false, false]);
    const place = atPlace(bytes, 4);
    const { tensors: mixed } = await readSafetensors(place);
    expect([...mixed].map(([name, { data }]) => [name, data.buffer === place.buffer])).toEqual([
      ["wide", false],
      ["floats", true],
      ["half", true],
    ]);
    expect([...mixed.values()].map(({ data }) => [...data])).toEqual([[1, 2], [3, 4], [5]]);
  });

  it("are views of shared memory too", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const { tensors } = await readSafetensors(shared);
    expect(tensors.get("floats")?.data.buffer).toBe(shared.buffer);
  });
});

describe("half precision as float32", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

  /** The value of a half, from the definition. */
  const valueOf = (bits: number, exponentBits: number) => {
    const fractionBits = 15 - exponentBits;
    const [bias, top] = [2 ** (exponentBits - 1) - 1, 2 ** exponentBits - 1];
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> fractionBits) & top;
    const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
    if (exponent === top) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
  };

  it.each([
    ["F16", 5],
    ["BF16", 8],
  ] as const)("is exact for every %s", async (dtype, exponentBits) => {
    const bytes = encodeSafetensors({ half: { data: all, dtype, shape: [256, 256] }, whole: Float32Array.of(1) });
    await writeSafetensors(at(dtype), { half: { data: all, dtype, shape: [256, 256] } });
    for (const from of [bytes, at(dtype)]) {
      const { tensors } = await readSafetensors(from, { widen: true });
      const half = tensors.get("half") as SafetensorsTensor;
      expect([half.dtype, half.shape, half.data.length]).toEqual(["F32", [256, 256], 65536]);
      const values = Float32Array.from(all, (bits) => valueOf(bits, exponentBits));
      expect(bitsOf(half.data as Float32Array)).toEqual(bitsOf(values));
      expect((await readSafetensors(from)).tensors.get("half")).toEqual({ dtype, shape: [256, 256], data: all });
    }
  });

  it("keeps the sign and the payload of a NaN", async () => {
    const nans = {
      half: { data: Uint16Array.of(0x7c01, 0xfe00), dtype: "F16" as const },
      brain: { data: Uint16Array.of(0xffc1), dtype: "BF16" as const },
    };
    const { tensors } = await readSafetensors(encodeSafetensors(nans), { widen: true });
    const bits = (name: string) => [...new Uint32Array((tensors.get(name) as SafetensorsTensor).data.buffer)];
    expect([bits("half"), bits("brain")]).toEqual([[0x7f802000, 0xffc00000], [0xffc10000]]);
  });
});

describe("readSafetensors with names", () => {
  it("reads those alone", async () => {
    await writeSafetensors(at("some"), everyType, { metadata });
    for (const from of [at("some"), encodeSafetensors(everyType, { metadata })]) {
      const { tensors, metadata: read } = await readSafetensors(from, { names: ["q ü 😀", "constructor", "d.f16"] });
      expect(sorted(tensors)).toEqual(wanted.filter(([name]) => ["q ü 😀", "constructor", "d.f16"].includes(name)));
      expect(read.get("format")).toBe("pt");
    }
  });

  it("refuses a name that the file lacks", async () => {
    const error = await fails(readSafetensors(encodeSafetensors(everyType), { names: ["toString"] }));
    expect(error).toMatchObject({ code: "ERR_SAFETENSORS", message: 'The safetensors file: it has no tensor "toString"' });
  });
});

describe("files of others", () => {
  it("are read in any order of their names, with spaces behind the header, and null-less metadata", async () => {
    const header =
      '{"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},"a":{"shape":[2],"data_offsets":[0,2],"dtype":"U8"}}   ';
    const { tensors } = await readSafetensors(Buffer.concat([headerBytes(header), Buffer.from([1, 2, 0, 0, 128, 63])]));
    expect([...tensors]).toEqual([
      ["a", { dtype: "U8", shape: [2], data: Uint8Array.of(1, 2) }],
      ["b", { dtype: "F32", shape: [1], data: Float32Array.of(1) }],
    ]);
  });

  it("that a simple reader finds the same in", async () => {
    await writeSafetensors(at("simple"), everyType, { metadata });
    const raw = decode(readFileSync(at("simple")));
    expect(raw.metadata).toEqual(metadata);
    for (const [name, { dtype, shape, data }] of Object.entries(everyType)) {
      expect(raw.tensors[name]).toEqual({ dtype, shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    }
    writeFileSync(at("again"), encode(raw, { checksum: false }));
    expect(sorted((await readSafetensors(at("again"))).tensors)).toEqual(wanted);
  });
});

describe("parameters", () => {
  itOnDevices("are written as they are, those on devices too, and start a training", async () => {
    const weight = parameter(Float32Array.of(1, 2, 3, 4), { shape: [2, 2], name: "weight", grad: new Float32Array(4) });
    const there = parameter(cuda.from(Float32Array.of(5, 6)), { name: "there" });
    await writeSafetensors(at("lora"), new Map([weight, there].map((p) => [p.name as string, p])));
    const { tensors } = await readSafetensors(at("lora"));
    expect([...tensors]).toEqual([
      ["weight", { dtype: "F32", shape: [2, 2], data: weight.data }],
      ["there", { dtype: "F32", shape: [2], data: Float32Array.of(5, 6) }],
    ]);
    const { data, shape } = tensors.get("weight") as SafetensorsTensor & { dtype: "F32" };
    const started = parameter(data, { shape, grad: new Float32Array(4).fill(1) });
    new AdaBelief([started]).step();
    expect(started.data[0]).not.toBe(1);
  });

  it("are copied before writeSafetensors returns", async () => {
    const data = Float32Array.of(1);
    const writing = writeSafetensors(at("early"), { data });
    data[0] = 2;
    await writing;
    expect((await readSafetensors(at("early"))).tensors.get("data")?.data[0]).toBe(1);
  });

  itOnThreads("are refused while a step on another thread writes them", async () => {
    const p = parameter(new Float32Array(100_000), { grad: new Float32Array(100_000) });
    const step = new AdaBelief([p]).stepAsync();
    const error = await fails(writeSafetensors(at("leased"), { p }));
    expect(error).toMatchObject({ code: "ERR_LEASED" });
    await step;
    await writeSafetensors(at("leased"), { p });
  });
});

it("a checkpoint is read too, and its checksum is right", async () => {
  const weight = parameter(Float32Array.of(1, 2), { grad: Float32Array.of(1, 1), name: "weight" });
  const optimizer = new AdaBelief([weight]);
  optimizer.step();
  const bytes = optimizer.encodeState({ parameters: true });
  for (const from of [bytes, new Blob([bytes])]) {
    const { tensors, metadata: read } = await readSafetensors(from);
    expect([...tensors.keys()]).toEqual([
      "state.0.step",
      "state.0.rho_inf",
      "state.0.exp_avg",
      "state.0.exp_avg_var",
      "param.0",
      "crc32",
    ]);
    expect(tensors.get("param.0")).toEqual({ dtype: "F32", shape: [2], data: weight.data });
    expect(read.get("format_version")).toBe("1");
  }
  const spoilt = bytes.slice();
  spoilt[spoilt.length - 6] = (spoilt[spoilt.length - 6] as number) ^ 1;
  for (const from of [spoilt, new Blob([spoilt])]) {
    const error = await fails(readSafetensors(from));
    expect(error).toMatchObject({ code: "ERR_SAFETENSORS", message: expect.stringContaining("checksum mismatch") as string });
  }
});

it("types of arrays say which tensors they are", () => {
  const given: [TensorToWrite, string][] = [
    [new Float64Array(1), "F64"],
    [new BigInt64Array(1), "I64"],
    [new BigUint64Array(1), "U64"],
    [new Float32Array(1), "F32"],
    [new Int32Array(1), "I32"],
    [new Uint32Array(1), "U32"],
    [new Int16Array(1), "I16"],
    [new Uint16Array(1), "U16"],
    [new Int8Array(1), "I8"],
    [new Uint8Array(1), "U8"],
    [new Uint8ClampedArray(1), "U8"],
    [Buffer.alloc(1), "U8"],
  ];
  for (const [array, dtype] of given) expect(decode(encodeSafetensors({ array })).tensors["array"]?.dtype).toBe(dtype);
});
