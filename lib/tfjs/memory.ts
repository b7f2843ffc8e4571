// Where the values of tensors lie. A tensor is never written to once it exists: the wasm backend keeps weights packed by tensor, clones
// on the cpu backend are the same memory, and dataSync() hands that memory out.
import type { DataStorage, KernelBackend, Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-core";
import { describe, plainError, rangeError } from "../errors";
import { tf } from "./core";

/** Memory for a variable's new values. */
export interface Room {
  /** Where to write them, as long as no room is made. */
  values(): Float32Array;
  /** Makes them the variable's, once they are written. */
  assignTo(variable: Variable): void;
  /** Gives the memory back, where they are not assigned. */
  free(): void;
}

/** The memory of a backend. */
export interface Memory {
  /** Sees to it that a tensor's values are in this memory. They may be on a backend that was in use before. */
  admit(tensor: Tensor): void;
  /** A tensor's values, to be read: the memory itself where there is access to it. Good as long as no room is made, and no tensor admitted. */
  values(tensor: Tensor): Float32Array;
  /** Room for the new values of a variable. */
  room(variable: Variable): Room;
}

/**
 * Makes data that was written to a backend a variable's values. A tensor around it would be made, counted, assigned and disposed of; this
 * does to the counts of tfjs what would be left of that: `assign` adds a reference, and that of the data's maker ends.
 */
function assign(variable: Variable, dataId: object, backend: KernelBackend): void {
  const { shape, dtype } = variable;
  variable.assign({ dataId, shape, dtype } as unknown as Tensor);
  backend.disposeData(dataId);
}

/** An array, which the cpu backend takes as it is, and others copy. */
class ArrayRoom implements Room {
  readonly #values: Float32Array;

  constructor(size: number) {
    this.#values = new Float32Array(size);
  }

  values(): Float32Array {
    return this.#values;
  }

  assignTo(variable: Variable): void {
    const backend = tf.backend();
    assign(variable, backend.write(this.#values, variable.shape, "float32"), backend);
  }

  free(): void {
    // It belongs to no backend yet.
  }
}

/** Values in JavaScript's memory, or copied there. */
const arrays: Memory = {
  admit: () => undefined,
  values: (tensor) => tensor.dataSync<"float32">(),
  room: ({ size }) => new ArrayRoom(size),
};

/** What the wasm backend has beside a backend's common methods. */
interface WasmBackend extends KernelBackend {
  readonly dataIdMap: DataStorage<unknown>;
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
}

/** A piece of WebAssembly's memory. */
class HeapRoom implements Room {
  readonly #backend: WasmBackend;
  readonly #info: TensorInfo;
  readonly #size: number;

  constructor(backend: WasmBackend, { shape, size }: Variable) {
    this.#backend = backend;
    this.#info = backend.makeOutput(shape, "float32");
    this.#size = size;
  }

  values(): Float32Array {
    const view = this.#backend.typedArrayFromHeap(this.#info);
    // malloc's null pointer, which the backend takes for an address.
    if (this.#size === 0 || view.byteOffset !== 0) return view;
    throw rangeError("ERR_OUT_OF_MEMORY", `WebAssembly has no memory for a tensor of ${this.#size} floats`);
  }

  assignTo(variable: Variable): void {
    assign(variable, this.#info.dataId, this.#backend);
  }

  free(): void {
    this.#backend.disposeData(this.#info.dataId);
  }
}

/** Values in WebAssembly's memory. Whatever takes room there may grow the memory, which leaves all earlier views empty. */
const heap = (backend: WasmBackend): Memory => ({
  admit: (tensor) => {
    if (!backend.dataIdMap.has(tensor.dataId)) backend.typedArrayFromHeap(tensor);
  },
  values: (tensor) => backend.typedArrayFromHeap(tensor),
  room: (variable) => new HeapRoom(backend, variable),
});

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
