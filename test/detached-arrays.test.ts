// Arrays whose memory was transferred away, given to functions: they are no empty arrays.
import {
  clipGradNorm,
  encodeSafetensors,
  fromBFloat16,
  fromFloat16,
  GradScaler,
  parameter,
  readSafetensors,
  SGD,
  toBFloat16,
  toFloat16,
  WeightAverage,
} from "../lib";
import { fails } from "./helpers/checkpoint";
import { thrownBy } from "./helpers/snapshot";

/** An array that has lost its memory. */
function lost<A extends Float32Array | Float64Array | Uint16Array>(array: A): A {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

describe("an array that has lost its memory is refused by", () => {
  it.each<[string, () => unknown]>([
    ["clipGradNorm", () => clipGradNorm([parameter(Float32Array.of(1, 2), { grad: lost(Float32Array.of(3, 4)) })], 1)],
    ["encodeSafetensors, of floats", () => encodeSafetensors({ a: lost(Float32Array.of(1)) })],
    ["encodeSafetensors, of doubles", () => encodeSafetensors({ a: lost(Float64Array.of(1)) })],
    ["GradScaler.scale", () => new GradScaler().scale(lost(Float32Array.of(1)))],
    ["toBFloat16", () => toBFloat16(lost(Float32Array.of(1)))],
    ["toFloat16", () => toFloat16(lost(Float32Array.of(1)))],
    ["fromBFloat16", () => fromBFloat16(lost(Uint16Array.of(1)))],
    ["fromFloat16", () => fromFloat16(lost(Uint16Array.of(1)))],
  ])("%s", (_, act) => {
    expect(thrownBy(act)).toMatchObject({ code: "ERR_DETACHED" });
  });
});

it("bytes that lose their memory while they are read are refused by readSafetensors and loadState", async () => {
  const optimizer = () => new SGD([parameter(new Float32Array(3e6))]); // more than is read at once
  const readers: [Uint8Array<ArrayBuffer>, (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>][] = [
    [new Uint8Array(encodeSafetensors({ a: Float32Array.of(1) })), (bytes) => readSafetensors(bytes)],
    [
      new Uint8Array(optimizer().encodeState({ parameters: true })),
      (bytes) => optimizer().loadState(bytes, { parameters: true }),
    ],
  ];
  for (const [bytes, read] of readers) {
    const pending = read(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(await fails(pending)).toMatchObject({ code: "ERR_DETACHED" });
  }
});

it("an average is taken of no parameter whose length has changed since it was seen", () => {
  const p = parameter(Float32Array.of(1, 2));
  const average = new WeightAverage(new SGD([p]));
  lost(p.data);
  expect(thrownBy(() => average.update())).toMatchObject({ code: "ERR_LENGTH" });
  expect(average.count).toBe(0);
  p.data = Float32Array.of(1, 2);
  expect(average.update()).toBe(true);
});
