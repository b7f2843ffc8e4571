// Damages files, by a seed: some as disks and networks do, some as somebody would who knows the format.
import type { makeRandom } from "./random";
import { decode, encode, headerBytes, signed, type RawFile } from "./safetensors";

type Random = ReturnType<typeof makeRandom>;

const lengths = [0n, 1n, 7n, 99n, 100_000_001n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const numbers = [
  "-1",
  "-0",
  "0",
  "1",
  "3",
  "1.5",
  "1e3",
  "1e300",
  "1e999",
  "4294967296",
  "9007199254740993",
  "18446744073709551616",
];
const others = [
  '"5"',
  "null",
  "true",
  "[]",
  "{}",
  "[[]]",
  '{"__proto__":1}',
  '"\\ud800"',
  "NaN",
  "",
  `${"[".repeat(3000)}1${"]".repeat(3000)}`,
];
const words = [
  "F32",
  "F16",
  "I64",
  "U8",
  "shape",
  "dtype",
  "__proto__",
  "constructor",
  "state.0.exp_avg",
  "param.9",
  "params",
  "lr",
  "crc32",
];
const floats = [NaN, Infinity, -Infinity, -0, 1e-45, 3e38];
const counts = [-1n, 0n, 1n, 2n ** 31n, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n];

/** One thing that happens to bytes. */
function hurtBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + random.below(random.pick([2, 16, 300])));
  const noise = Buffer.from(Array.from({ length: to - at }, () => random.below(256)));
  const [before, inside, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (random.below(8)) {
    case 0: {
      const copy = Buffer.from(bytes);
      const place = random.below(copy.length);
      copy[place] = (copy[place] as number) ^ (1 << random.below(8));
      return copy;
    }
    case 1:
      return Buffer.concat([before, noise, after]);
    case 2:
      return Buffer.concat([before, Buffer.alloc(inside.length), after]);
    case 3:
      return Buffer.concat([before, after]);
    case 4:
      return Buffer.concat([before, noise, inside, after]);
    case 5:
      return Buffer.concat([before, inside, inside, after]);
    case 6:
      return Buffer.from(before);
    default: {
      const copy = Buffer.from(bytes);
      copy.writeBigUInt64LE(random.below(2) ? random.pick(lengths) : BigInt(random.below(bytes.length + 8)));
      return copy;
    }
  }
}

/** One thing that happens to a text of JSON: a number, a word, or a part becomes another. */
function hurtText(text: string, random: Random): string {
  const found = [
    ...text.matchAll(random.pick([/-?\d[\d.e+-]*/g, /"[^"\\]*"/g, /"[^"\\]*":[^,{}]*,/g, /\[[^[\]]*\]/g, /\{[^{}]*\}/g, /./g])),
  ];
  const match = found[random.below(Math.max(1, found.length))];
  if (match === undefined) return `${text} `;
  const [old] = match;
  const fresh = random.pick([
    random.pick(numbers),
    random.pick(others),
    JSON.stringify(random.pick(words)),
    `${old}${old}`,
    `${old},${old}`,
    "",
    String(random.below(300)),
    found[random.below(found.length)]?.[0] ?? "",
  ]);
  return text.slice(0, match.index) + fresh + text.slice(match.index + old.length);
}

/** A file whose header is another, of the right length and with the right checksum. */
function hurtHeader(bytes: Buffer, random: Random): Buffer {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  let header = Buffer.from(hurtText(bytes.toString("utf8", 8, start), random));
  if (random.below(20) === 0) header[random.below(header.length)] = 0xff;
  if (random.below(20) === 0) header = Buffer.concat([header, Buffer.alloc(random.below(20), random.pick([" ", "\0", "x"]))]);
  return signed(Buffer.concat([headerBytes(header), bytes.subarray(start)]));
}

/** A well-formed file that says something else. */
function hurtMeaning(bytes: Buffer, random: Random): Buffer {
  const { metadata, tensors }: RawFile = decode(bytes);
  delete tensors["crc32"];
  const names = Object.keys(tensors);
  const name = random.pick(names);
  const tensor = tensors[name] as RawFile["tensors"][string];
  const key = random.pick(Object.keys(metadata));
  switch (random.below(9)) {
    case 0:
      Reflect.deleteProperty(tensors, name);
      break;
    case 1:
      Object.assign(tensors, { [random.pick(words)]: tensor });
      break;
    case 2:
      [tensors[name], tensors[random.pick(names)]] = [tensors[random.pick(names)], tensor] as [typeof tensor, typeof tensor];
      break;
    case 3:
      tensor.shape = random.pick([[], [1], [0], [2, 3], [...tensor.shape, 1], [tensor.bytes.length], Array<number>(65).fill(1)]);
      break;
    case 4:
      tensor.dtype = random.pick(["F32", "F64", "I64", "U8", "BF16", "BOOL"]);
      break;
    case 5:
      if (tensor.dtype === "F32")
        tensor.bytes = new Uint8Array(Float32Array.from({ length: tensor.bytes.length / 4 }, () => random.pick(floats)).buffer);
      else tensor.bytes = new Uint8Array(BigInt64Array.of(random.pick(counts)).buffer);
      break;
    case 6:
      tensor.bytes = tensor.bytes.subarray(0, random.below(tensor.bytes.length + 1));
      break;
    case 7:
      if (random.below(3) === 0) Reflect.deleteProperty(metadata, key);
      else metadata[key] = random.pick(["", "1", "2", "[]", "{}", "null", '{"param_groups":[]}']);
      break;
    default:
      metadata[key] = hurtText(metadata[key] as string, random);
  }
  return encode({ metadata, tensors }, { checksum: random.below(4) > 0 });
}

/** Damages a file, up to three times. `detectable`: its checksum was left to tell. */
export function damage(file: Buffer, random: Random): { bytes: Buffer; detectable: boolean } {
  let bytes = file;
  if (random.below(2) === 0) {
    for (let times = 1 + random.below(3); times > 0 && bytes.length >= 8; --times) bytes = hurtBytes(bytes, random);
    const resigned = random.below(2) === 0 && bytes.length >= 4;
    return { bytes: resigned ? signed(bytes) : bytes, detectable: !resigned };
  }
  const hurt = random.pick([hurtHeader, hurtMeaning]);
  for (let times = 1 + random.below(3); times > 0; --times) {
    try {
      bytes = hurt(bytes, random);
    } catch {
      break; // too far gone to be damaged in this way again
    }
  }
  return { bytes, detectable: false };
}
