// Files that are damaged, or made to do damage: each is refused without a trace, or what it says is what is loaded.
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { AdaBelief, parameter, type AdaBeliefOptions, type Parameter, type StateDict } from "../lib";
import { bitsOf } from "./helpers/bits";
import { damage } from "./helpers/damage";
import { temporaryFolder } from "./helpers/folder";
import { makeRandom } from "./helpers/random";
import { decode, encode, floatsOf, headerBytes, type RawFile } from "./helpers/safetensors";

const at = temporaryFolder();
const count = 10_000;

interface Subject {
  optimizer: AdaBelief;
  parameters: Parameter[];
  file: Buffer;
  extra: unknown;
}

/** An optimizer after four steps, and the checkpoint of its third. */
async function subject(options: AdaBeliefOptions, names: readonly string[] = []): Promise<Subject> {
  const lengths = [1, 3, 6];
  const parameters = lengths.map((length, k) =>
    parameter(new Float32Array(length).fill(k), {
      grad: Float32Array.from({ length }, (_, i) => i + 0.5),
      ...(k === 2 ? { shape: [2, 3] } : {}),
      ...(names[k] === undefined ? {} : { name: names[k] }),
    }),
  );
  const groups = [
    { params: parameters.slice(0, 2), name: "first" },
    { params: parameters.slice(2), lr: 0.25 },
  ];
  const optimizer = new AdaBelief(groups, options as { version: "0.2.1" });
  (parameters[1] as Parameter).grad = null;
  for (let step = 0; step < 3; ++step) optimizer.step();
  await optimizer.saveState(at("whole"), { parameters: true, extra: { epoch: 3, "a:b": ["{", '"'] } });
  optimizer.step();
  return { optimizer, parameters, file: readFileSync(at("whole")), extra: undefined };
}

/** Everything that a refused file must not have changed, as one string. */
function everything({ optimizer, parameters }: Subject): string {
  const bits = (array: Float32Array) => bitsOf(array).join();
  const states = parameters.map((p) => {
    const { step, ...arrays } = optimizer.state.get(p) ?? { step: "none" };
    return [
      String(step),
      ...Object.entries(arrays as Record<string, Float32Array>).flatMap(([key, array]) => [key, bits(array)]),
    ];
  });
  const groups = optimizer.paramGroups.map(({ params: _, ...options }) =>
    Object.entries(options).map(([key, value]) => `${key}=${String(value)}`),
  );
  return JSON.stringify([groups, states, parameters.map(({ data }) => bits(data))]);
}

/** Which of a saved group's parameters stands for each of ours: by a name that stands once on both sides, else in order. */
function places(ours: (string | undefined)[], theirs: readonly unknown[] | undefined): number[] {
  const all = ours.map((_, k) => k);
  if (theirs === undefined || theirs === null || ours.every((name) => name === undefined)) return all;
  const named = ours.map((name) => (theirs.filter((other) => other === name).length === 1 ? theirs.indexOf(name) : -1));
  const rest = all.filter((k) => !named.includes(k));
  return named.map((place) => (place >= 0 ? place : (rest.shift() as number)));
}

/** Throws unless the optimizer holds what a simple reader finds in the file. */
function expectLoaded({ optimizer, extra }: Subject, bytes: Buffer): void {
  const { metadata, tensors }: RawFile = decode(bytes);
  const saved = JSON.parse(metadata["state_dict"] as string) as StateDict;
  expect(extra).toEqual(metadata["extra"] === undefined ? undefined : JSON.parse(metadata["extra"]));
  optimizer.paramGroups.forEach((group, g) => {
    const theirs = saved.param_groups[g] as StateDict["param_groups"][number];
    const { lr, eps, weight_decay, betas } = group;
    expect([lr, eps, weight_decay, ...betas].every((value) => typeof value === "number" && value >= 0)).toBe(true);
    for (const key of ["lr", "eps", "betas", "amsgrad"] as const) if (key in theirs) expect(group[key]).toEqual(theirs[key]);
    const from = places(
      group.params.map(({ name }) => name),
      theirs["param_names"] as unknown[] | undefined,
    );
    (group.params as readonly Parameter[]).forEach((p, k) => {
      const id = theirs.params[from[k] as number] as number;
      expect(bitsOf(p.data)).toEqual(bitsOf(floatsOf(tensors[`param.${id}`] as never)));
      const { step = 0, ...arrays } = optimizer.state.get(p) ?? {};
      expect(Number.isSafeInteger(step) && step >= 0).toBe(true);
      for (const [key, array] of Object.entries(arrays as Record<string, Float32Array>)) {
        expect(array.length).toBe(p.data.length);
        expect(bitsOf(array)).toEqual(bitsOf(floatsOf(tensors[`state.${id}.${key}`] as never)));
      }
    });
  });
  optimizer.step();
}

it(`${count} damaged files do no harm`, async () => {
  const subjects = [
    await subject({ version: "0.2.1", amsgrad: true, rectify: false }),
    await subject({ version: "0.0.5", rectify: true }, ["a", "b", "c"]),
  ];
  const sound = subjects.map((one) => ({
    dict: one.optimizer.stateDict(),
    values: one.parameters.map(({ data }) => data.slice()),
    before: everything(one),
  }));
  const seen = { refused: 0, loaded: 0 };
  for (let seed = 1; seen.refused + seen.loaded < count; ++seed) {
    const random = makeRandom(seed);
    const which = random.below(subjects.length);
    const one = subjects[which] as Subject;
    const { dict, values, before } = sound[which] as (typeof sound)[number];
    const { bytes, detectable } = damage(one.file, random);
    if (bytes.equals(one.file)) continue; // no damage was done
    writeFileSync(at("damaged"), bytes);
    try {
      let error: (Error & { code?: string }) | undefined;
      try {
        one.extra = (await one.optimizer.loadState(at("damaged"), { parameters: true })).extra;
      } catch (caught) {
        error = caught as Error;
      }
      if (error !== undefined) {
        seen.refused += 1;
        expect([error.code, error.message.startsWith(`${at("damaged")}: `)]).toEqual(["ERR_CHECKPOINT", true]);
        expect(error.message.length).toBeLessThan(1000);
      } else {
        seen.loaded += 1;
        expect(detectable).toBe(false);
        expectLoaded(one, bytes);
        one.optimizer.loadStateDict(dict);
        one.parameters.forEach(({ data }, k) => data.set(values[k] as Float32Array));
      }
      expect(everything(one)).toBe(before);
    } catch (failure) {
      throw new Error(`seed ${seed}: ${(failure as Error).message}`, { cause: failure });
    }
  }
  expect(seen.refused).toBeGreaterThan(count * 0.7);
  expect(seen.loaded).toBeGreaterThan(count * 0.02);
}, 300_000);

describe("a file made by hand is refused", () => {
  let one: Subject;
  beforeAll(async () => {
    one = await subject({ version: "0.2.1" });
  });
  const header = (text: string | Uint8Array, data = 0) => Buffer.concat([headerBytes(text), Buffer.alloc(data)]);
  const tensor = (name: string, dtype: string, shape: string, begin: number, end: number) =>
    `"${name}":{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
  const changed = (change: (file: RawFile) => void) => {
    const file = decode(one.file);
    delete file.tensors["crc32"];
    change(file);
    return encode(file);
  };
  const dictOf = ({ metadata }: RawFile) => JSON.parse(metadata["state_dict"] as string) as StateDict;

  it.each<[string, () => Buffer, RegExp]>([
    [
      "with a header of 4 GiB",
      () => Buffer.concat([Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]), Buffer.from("{}")]),
      /header of 4294967296 bytes/,
    ],
    ["with a header of 2⁶⁴ − 1 bytes", () => Buffer.alloc(50, 255), /header of 18446744073709551615 bytes where 42 are left/],
    ["cut short by one byte", () => one.file.subarray(0, -1), /take \d+ bytes, and it has \d+/],
    ["with a byte too many", () => Buffer.concat([one.file, Buffer.alloc(1)]), /take \d+ bytes, and it has \d+/],
    [
      "with a flipped bit in a value",
      () => {
        const copy = Buffer.from(one.file);
        copy.writeUInt8(copy.readUInt8(copy.length - 9) ^ 1, copy.length - 9);
        return copy;
      },
      /damaged.*checksum/,
    ],
    [
      "with tensors over each other",
      () => header(`{${tensor("a", "F32", "[2]", 0, 8)},${tensor("b", "F32", "[2]", 4, 12)}}`, 12),
      /"b" begins at 4, and the tensor before it ends at 8/,
    ],
    [
      "with a hole",
      () => header(`{${tensor("a", "F32", "[1]", 0, 4)},${tensor("b", "F32", "[1]", 8, 12)}}`, 12),
      /"b" begins at 8/,
    ],
    ["with a hole at its beginning", () => header(`{${tensor("a", "F32", "[1]", 4, 8)}}`, 8), /"a" begins at 4/],
    ["with negative offsets", () => header(`{${tensor("a", "F32", "[1]", -4, 0)}}`, 4), /data_offsets must be two whole numbers/],
    [
      "with fractional offsets",
      () => header(`{${tensor("a", "F32", "[1]", 0.5, 4.5)}}`, 4),
      /data_offsets must be two whole numbers/,
    ],
    [
      "with offsets beyond 2⁵³",
      () => header(`{${tensor("a", "F32", "[1]", 2 ** 60, 2 ** 60)}}`, 4),
      /data_offsets must be two whole numbers/,
    ],
    [
      "with offsets that the shape does not take",
      () => header(`{${tensor("a", "F32", "[3]", 0, 8)}}`, 8),
      /takes 12 bytes, and its data_offsets span 8/,
    ],
    [
      "with a shape whose product overflows",
      () => header(`{${tensor("a", "F32", "[4294967296,4294967296,0.25]", 0, 4)}}`, 4),
      /shape must be/,
    ],
    ["with a type of another kind", () => header(`{${tensor("a", "F16", "[2]", 0, 4)}}`, 4), /dtype "F16"/],
    [
      "with a key of its own in a tensor",
      () => header('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1}}', 4),
      /"a" has a key "x"/,
    ],
    [
      "with a key twice",
      () => header(`{${tensor("a", "F32", "[1]", 0, 4)},${tensor("a", "F32", "[1]", 0, 4)}}`, 4),
      /its header has a key twice/,
    ],
    ["with a key __proto__", () => header('{"__proto__":{}}'), /its header has a key __proto__/],
    [
      "nested 10,000 deep",
      () => header(`{"a":${"[".repeat(1e4)}${"]".repeat(1e4)}}`),
      /its header is nested more than 100 levels/,
    ],
    ["with a header that is no UTF-8", () => header(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), /not UTF-8/],
    ["with a header that is no JSON", () => header("{'a': 1}"), /its header is not JSON/],
    ["with a header that is a list", () => header("[]"), /does not begin with \{/],
    ["with a header that is empty", () => header(""), /does not begin with \{/],
    ["with metadata that is no string", () => header('{"__metadata__":{"a":1}}'), /__metadata__ "a" is not a string/],
    [
      "that holds a model and no state",
      () => header(`{"__metadata__":{"format":"pt"},${tensor("weight", "F32", "[1]", 0, 4)}}`, 4),
      /not a checkpoint/,
    ],
    [
      "of a later format",
      () => changed(({ metadata }) => (metadata["format_version"] = "2")),
      /format_version is "2".*reads "1"/,
    ],
    [
      "of another optimizer",
      () => changed((file) => (file.metadata["state_dict"] = JSON.stringify({ ...dictOf(file), optimizer: "Adam" }))),
      /belongs to "Adam"/,
    ],
    [
      "with a key of the dict twice",
      () => changed(({ metadata }) => (metadata["state_dict"] = '{"version":"0.2.1","version":"0.0.5"}')),
      /state_dict has a key twice/,
    ],
    [
      "with a strange tensor",
      () => changed(({ tensors }) => (tensors["model.0"] = tensors["param.0"] as never)),
      /"model\.0" is no tensor of a checkpoint/,
    ],
    [
      "with a strange state",
      () => changed(({ tensors }) => (tensors["state.0.exp_avg_sq"] = tensors["state.0.exp_avg"] as never)),
      /keeps no "exp_avg_sq"/,
    ],
    [
      "with state of nobody",
      () => changed(({ tensors }) => (tensors["state.7.exp_avg"] = tensors["state.0.exp_avg"] as never)),
      /belongs to parameter "7"/,
    ],
    [
      "with a moment of integers",
      () => changed(({ tensors }) => ((tensors["state.0.exp_avg"] as { dtype: string }).dtype = "U8")),
      /takes 1 bytes, and its data_offsets span 4/,
    ],
    [
      "with values in 16 bits",
      () =>
        changed(({ tensors }) => {
          const values = tensors["param.0"] as { dtype: string; bytes: Uint8Array };
          tensors["param.0"] = { ...values, dtype: "BF16", bytes: values.bytes.subarray(values.bytes.length / 2) } as never;
        }),
      /"param\.0" has dtype BF16 .* must be F32$/,
    ],
    [
      "with a step beyond 2⁵³",
      () => changed(({ tensors }) => (tensors["state.0.step"] as { bytes: Uint8Array }).bytes.fill(0x7f)),
      /"state\.0\.step" is 9187201950435737471/,
    ],
    [
      "without one parameter's values",
      () => changed(({ tensors }) => delete tensors["param.1"]),
      /no values of Parameter 1: there is no param\.1/,
    ],
    [
      "with an option out of range",
      () =>
        changed(
          (file) => (file.metadata["state_dict"] = (file.metadata["state_dict"] as string).replace('"lr":0.25', '"lr":-1')),
        ),
      /Invalid learning rate: -1/,
    ],
  ])("%s", async (_, make, message) => {
    const before = everything(one);
    writeFileSync(at("by hand"), make());
    const loading = one.optimizer.loadState(at("by hand"), { parameters: true });
    await expect(loading).rejects.toMatchObject({ code: "ERR_CHECKPOINT", message: expect.stringMatching(message) as unknown });
    await expect(loading).rejects.toThrow(`${at("by hand")}: `);
    expect(everything(one)).toBe(before);
  });

  it("with a header longer than the format allows, though the file is as long", async () => {
    writeFileSync(at("long"), Buffer.from([1, 0xe1, 0xf5, 5, 0, 0, 0, 0])); // 100,000,001
    truncateSync(at("long"), 200_000_000); // zeros that take no place on the disk
    await expect(one.optimizer.loadState(at("long"))).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: `${at("long")}: a header of 100000001 bytes, and safetensors allows 100000000`,
    });
  });

  it("but not for lack of a checksum, as other writers leave it out", async () => {
    const file = decode(one.file);
    delete file.tensors["crc32"];
    writeFileSync(at("unsigned"), encode(file, { checksum: false }));
    expect(await one.optimizer.loadState(at("unsigned"))).toMatchObject({ extra: { epoch: 3 } });
  });
});
