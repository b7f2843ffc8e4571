// Conversions between float32 and types of 16 bits. test/native/halves_are_rounded_to_nearest.cpp has every value.
import { fromBFloat16, fromFloat16, toBFloat16, toFloat16, type Float16Values } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";
import { thrownBy } from "./helpers/snapshot";

/** In Node 24 and later. */
const { Float16Array } = globalThis as {
  Float16Array?: new (
    from: number | ArrayBuffer | Iterable<number>,
    offset?: number,
    length?: number,
  ) => Float16Values & Iterable<number>;
};

const values = [0, -0, 1, -2, 1 / 3, 65504, 65520, 1e-8, 2 ** -24, 2 ** -25, Infinity, -Infinity, NaN, 3.4e38];
const bfloat16 = [0, 0x8000, 0x3f80, 0xc000, 0x3eab, 0x4780, 0x4780, 0x322c, 0x3380, 0x3300, 0x7f80, 0xff80, 0x7fc0, 0x7f80];
const float16 = [0, 0x8000, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x7c00, 0, 1, 0, 0x7c00, 0xfc00, 0x7e00, 0x7c00];

describe("conversions", () => {
  onEveryBackend("round float32 to the nearest bfloat16 and float16", () => {
    expect([...toBFloat16(Float32Array.from(values))]).toEqual(bfloat16);
    expect([...toFloat16(Float32Array.from(values))]).toEqual(float16);
  });

  onEveryBackend("widen exactly", () => {
    expect([...fromBFloat16(Uint16Array.from(bfloat16))].slice(0, 5)).toEqual([0, -0, 1, -2, 0.333984375]);
    expect([...fromFloat16(Uint16Array.from(float16))].slice(0, 6)).toEqual([0, -0, 1, -2, 0.333251953125, 65504]);
  });

  it.each([0, 1, 4095, 4096, 4097, 300_001])("have the same bits for %d elements as for one at a time", (length) => {
    const floats = Float32Array.from({ length }, (_, i) => Math.sin(i) * 2 ** ((i % 60) - 30));
    for (const [narrow, widen] of [
      [toBFloat16, fromBFloat16],
      [(x: Float32Array) => toFloat16(x), fromFloat16],
    ] as const) {
      const halves = narrow(floats);
      const floatsAgain = widen(halves);
      for (let i = 0; i < length; i += 997) {
        expect(halves[i]).toBe(narrow(floats.slice(i, i + 1))[0]);
        expectSameBits(floatsAgain.slice(i, i + 1), widen(halves.slice(i, i + 1)), `element ${i}`);
      }
    }
  });

  it("write into an array that is given, and return it", () => {
    const halves = new Uint16Array(3);
    expect(toBFloat16(Float32Array.of(1, 2, 3), halves)).toBe(halves);
    const floats = new Float32Array(4).subarray(1);
    expect(fromBFloat16(halves, floats)).toBe(floats);
    expect([...floats]).toEqual([1, 2, 3]);
  });

  (Float16Array === undefined ? it.skip : it)("take Float16Arrays", () => {
    if (Float16Array === undefined) return;
    const halves = new Float16Array(new ArrayBuffer(8), 2, 3);
    expect(toFloat16(Float32Array.of(1, 1 / 3, 65520), halves)).toBe(halves);
    expect([...halves]).toEqual([1, 0.333251953125, Infinity]);
    expect([...fromFloat16(halves)]).toEqual([1, 0.333251953125, Infinity]);
  });

  if (Float16Array === undefined) {
    process.stderr.write('\nSKIPPED, not passed: "conversions take Float16Arrays": this Node has none\n');
  }
});

describe("conversions refuse, with nothing written,", () => {
  const three = Float32Array.of(1, 2, 3);
  const shared = new ArrayBuffer(16);

  it.each<[string, () => unknown, object]>([
    ["values of another type", () => toBFloat16([1] as unknown as Float32Array), { code: "ERR_NOT_FLOAT32" }],
    ["halves of another type", () => fromBFloat16(Int16Array.of(1) as unknown as Uint16Array), { code: "ERR_DTYPE" }],
    ["a target of another type", () => toFloat16(three, new Int16Array(3) as unknown as Uint16Array), { code: "ERR_DTYPE" }],
    [
      "a float target of another type",
      () => fromFloat16(new Uint16Array(3), [] as unknown as Float32Array),
      { code: "ERR_NOT_FLOAT32" },
    ],
    ["a target of another length", () => toBFloat16(three, new Uint16Array(2)), { code: "ERR_LENGTH" }],
    ["a float target of another length", () => fromFloat16(new Uint16Array(2), three), { code: "ERR_LENGTH" }],
    [
      "a target over the values",
      () => toBFloat16(new Float32Array(shared, 0, 2), new Uint16Array(shared, 6, 2)),
      { code: "ERR_OVERLAP" },
    ],
    [
      "a float target over the halves",
      () => fromFloat16(new Uint16Array(shared, 2, 1), new Float32Array(shared, 0, 1)),
      { code: "ERR_OVERLAP" },
    ],
  ])("%s", (_, call, error) => {
    expect(thrownBy(call)).toMatchObject(error);
    expect([...three]).toEqual([1, 2, 3]);
    expect(new Uint8Array(shared)).toEqual(new Uint8Array(16));
  });

  it("memory that lies side by side is taken", () => {
    expect([...toBFloat16(new Float32Array(shared, 0, 2), new Uint16Array(shared, 8, 2))]).toEqual([0, 0]);
  });
});
