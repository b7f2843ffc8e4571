// Where the values of tensors lie. A tensor is never written to once it exists: the wasm backend keeps weights packed by tensor, clones
// on the cpu backend are the same memory, and dataSync() hands that memory out.
import type { DataStorage, KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { describe, plainError, rangeError } from "../errors";
import { tf } from "./core";

/** Memory for a new tensor's values. */
export interface Room {
  /** Where to write them, as long as no room is made. */
  values(): Float32Array;
  /** The tensor of them, once they are written. */
  tensor(): Tensor;
}

/** The memory of a backend. */
export interface Memory {
  /** Sees to it that a tensor's values are in this memory. They may be on a backend that was in use before. */
  admit(tensor: Tensor): void;
  /** A tensor's values, to be read: the memory itself where there is access to it. Good as long as no tensor is made or admitted. */
  values(tensor: Tensor): Float32Array;
  /** Room for a tensor. A tidy scope around it frees what becomes of it. */
  room(shape: number[], size: number): Room;
}

/** Values in JavaScript's memory, which the cpu backend takes as they are, and others copy on the way in and out. */
const arrays: Memory = {
  admit: () => undefined,
  values: (tensor) => tensor.dataSync<"float32">(),
  room: (shape, size) => {
    const values = new Float32Array(size);
    return { values: () => values, tensor: () => tf.engine().makeTensor(values, shape, "float32") };
  },
};

/** What the wasm backend has beside a backend's common methods. */
interface WasmBackend extends KernelBackend {
  readonly dataIdMap: DataStorage<unknown>;
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
}

/** Values in WebAssembly's memory. Whatever takes room there may grow the memory, which leaves all earlier views empty. */
function heap(backend: WasmBackend): Memory {
  const values = (tensor: TensorInfo) => backend.typedArrayFromHeap(tensor);
  return {
    admit: (tensor) => {
      if (!backend.dataIdMap.has(tensor.dataId)) values(tensor);
    },
    values,
    room: (shape, size) => {
      const tensor = tf.engine().makeTensorFromTensorInfo(backend.makeOutput(shape, "float32"), backend);
      const written = () => {
        const view = values(tensor);
        // malloc's null pointer, which the backend takes for an address.
        if (size === 0 || view.byteOffset !== 0) return view;
        throw rangeError("ERR_OUT_OF_MEMORY", `WebAssembly has no memory for a tensor of ${size} floats`);
      };
      return { values: written, tensor: () => tensor };
    },
  };
}

/** The memory of the backend in use; "tensorflow" is tfjs-node's. That and webgl copy. */
export function currentMemory(): Memory {
  const name = tf.getBackend();
  if (["cpu", "tensorflow", "webgl"].includes(name)) return arrays;
  if (name === "wasm") return heap(tf.backend() as WasmBackend);
  const known = 'the backends "cpu", "wasm", "webgl" and "tensorflow" (tfjs-node)';
  throw plainError(
    "ERR_BACKEND",
    `AdaBeliefOptimizer works on ${known}; the one in use is ${describe(name)}: await tf.setBackend("wasm")`,
  );
}
