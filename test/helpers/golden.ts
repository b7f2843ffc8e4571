import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(__dirname, "..", "golden");

export interface GoldenCase {
  id: string;
  optimizer: string;
  version: "0.0.5" | "0.2.1";
  stream: string;
  options: Record<string, unknown>;
  schedule: Record<string, number>;
  skip: Record<string, number[]>;
  /** Of the measured cases: what PyTorch's own float32 run loses, by snapshot. */
  torch_float32_error?: Record<string, { max: number; rms: number }>;
}

interface Cases {
  shapes: number[][];
  steps: number;
  param_snapshots: number[];
  state_snapshots: number[];
  cases: GoldenCase[];
}

export function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as T;
}

type Floats = Float32Array | Float64Array;

/** The float tensors of a safetensors file, by name. */
function readTensors(name: string): Map<string, Floats> {
  const bytes = readFileSync(join(folder, name));
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, Floats>();
  for (const [key, { dtype, data_offsets }] of Object.entries(header)) {
    if (key === "__metadata__") continue;
    const [begin, end] = data_offsets;
    const { buffer } = new Uint8Array(bytes.subarray(start + begin, start + end));
    if (dtype === "F32") tensors.set(key, new Float32Array(buffer));
    if (dtype === "F64") tensors.set(key, new Float64Array(buffer));
  }
  return tensors;
}

const recording = readJson<Cases>("cases.json");

const pytorch = ({ optimizer, version }: GoldenCase) => optimizer === "AdaBelief" && !version.startsWith("tf-");
const measured = ({ torch_float32_error }: GoldenCase) => torch_float32_error !== undefined;

/** AdaBelief's cases for PyTorch, met bit for bit. */
export const golden = { ...recording, cases: recording.cases.filter(pytorch) };
/** Other optimizers' cases that are met bit for bit. */
export const exactCases = recording.cases.filter((one) => !pytorch(one) && !measured(one));
/** Cases with a reduction in them and those for TensorFlow, which are held to a measure. */
export const measuredCases = recording.cases.filter(measured);
const inputs = readTensors("inputs.safetensors");
const expected = readTensors("expected.safetensors");

const lengths = golden.shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
const total = lengths.reduce((a, b) => a + b, 0);

/** The five tensors that lie end to end in one array, as views. */
export function tensorsIn(whole: Float32Array): Float32Array[] {
  let offset = 0;
  return lengths.map((length) => whole.subarray(offset, (offset += length)));
}

export const initialValues = (): Float32Array => (inputs.get("params") as Float32Array).slice();

/** The gradients of a step (from 1). */
export function gradientsAt(stream: string, step: number): Float32Array {
  return (inputs.get(`gradients/${stream}`) as Float32Array).slice((step - 1) * total, step * total);
}

/** What PyTorch had: `key` is "p" or a state key. Throws where there is no such recording. */
export function recorded(id: string, key: string, step: number): Float32Array {
  const tensor = expected.get(`${id}/float32/${key}/${step}`);
  if (tensor === undefined) throw new Error(`no recording of ${id}/${key}/${step}`);
  return tensor as Float32Array;
}

/** What the reference had in float64. */
export function truth(id: string, key: string, step: number): Float64Array {
  const tensor = expected.get(`${id}/${key}/${step}`);
  if (tensor === undefined) throw new Error(`no truth of ${id}/${key}/${step}`);
  return tensor as Float64Array;
}

/** The state keys that a case has at a snapshot. */
export function recordedStates(id: string, step: number): string[] {
  return [...expected.keys()]
    .filter((key) => key.startsWith(`${id}/float32/`) && key.endsWith(`/${step}`) && !key.includes("/p/"))
    .map((key) => key.split("/")[2] as string);
}
