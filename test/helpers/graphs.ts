// Streams, captures and graphs, as a program has them that uses CUDA beside this package: test/cuda/mock_driver/graphs_addon.cpp.
import { createRequire } from "node:module";
import { join } from "node:path";
import { mockDriverFolder } from "./mock-driver-path";

interface Graphs {
  /** Loads the driver of a path. */
  open(path: string): void;
  /** A stream of the first device. */
  makeStream(nonBlocking: boolean): bigint;
  /** Captures what a stream is given from now on. */
  begin(stream: bigint): void;
  /** A graph of it, ready to be launched. Errors have the driver's number as their code. */
  end(stream: bigint): bigint;
  launch(graph: bigint, stream: bigint): void;
  destroy(graph: bigint): void;
}

export const graphs = createRequire(__filename)(join(mockDriverFolder, "driver_graphs.node")) as Graphs;

graphs.open(process.env["ADABELIEF_CUDA_DRIVER"] ?? "libcuda.so.1");

/** Captures what is done in a stream. */
export function capture(stream: bigint, act: () => void): bigint {
  graphs.begin(stream);
  try {
    act();
  } catch (error) {
    graphs.destroy(graphs.end(stream));
    throw error;
  }
  return graphs.end(stream);
}
