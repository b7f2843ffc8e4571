// Scripts in processes of their own, with the mock driver for a driver: what is lost there stays lost.
import { join } from "node:path";
import { resultOf } from "./script";
import { mockDriverDriver, mockDriverFolder } from "./mock-driver-path";

const prelude = `
  const mockDriver = require(${JSON.stringify(join(mockDriverFolder, "mock_driver_control.node"))});
  const { cuda, AdaBelief, Adam, Lookahead, RangerAdaBelief, parameter } = adabelief;
  const wave = (length, phase = 0) => Float32Array.from({ length }, (_, i) => Math.sin(i + 1 + phase));
  const hex = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex");
  const settle = async () => { for (let i = 0; i < 4; ++i) { gc(); await new Promise((resolve) => setTimeout(resolve, 1)); } };
  const print = (value) => console.log(JSON.stringify(value));
  const codeOf = async (act) => { try { await act(); return "done"; } catch (error) { return error.code ?? String(error.stack); } };
`;

/** What a script prints as JSON. It has `mockDriver`, the classes, and a few helpers: `wave`, `hex`, `settle`, `print`, `codeOf`. */
export const mockDriverResult = (code: string, env = {}): unknown =>
  resultOf(prelude + code, { flags: ["--expose-gc"], env: { ADABELIEF_CUDA_DRIVER: mockDriverDriver, ...env } });
