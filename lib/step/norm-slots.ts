import { allocateOnDevice } from "../cuda";
import type { CudaArray } from "../cuda/array";
import { plainError } from "../errors";
import { gradients } from "../native/engine";
import type { ParameterTable } from "./parameter-table";

const slotsOfBlock = 256;

/** Where steps on a device leave the norms of their gradients. Each has a slot of its own, and the report of the step reads it. */
export class NormSlots {
  /** The memory that has free slots. A report keeps the memory of its own slot alive. */
  #block: CudaArray | null = null;
  #next = 0;
  #device = -1;
  #stream = 0n;
  /** Whether a step is under way on another thread, which uses the table. */
  busy = false;

  /** @param table what has to be done before a slot is read */
  constructor(readonly table: ParameterTable) {}

  /** The number of a slot that is free, in the order of a stream. */
  take(device: number, stream: bigint): number {
    if (this.#block === null || this.#next === slotsOfBlock || device !== this.#device || stream !== this.#stream) {
      const block = allocateOnDevice(device, slotsOfBlock * gradients.slotFloats, stream);
      this.table.useSlots(block);
      [this.#block, this.#next, this.#device, this.#stream] = [block, 0, device, stream];
    }
    return this.#next;
  }

  /** Gives the slot that was taken last to a step that is done. What it returns reads the norm, and waits for the device. */
  keep(): () => number {
    const block = this.#block as CudaArray;
    const slot = this.#next++;
    return () => {
      if (this.busy) {
        throw plainError("ERR_BUSY", "The gradNorm of an earlier step cannot be read during stepAsync(): await it first");
      }
      this.table.synchronize();
      const { buffer, byteOffset } = block.read();
      return new DataView(buffer, byteOffset + slot * gradients.slotFloats * Float32Array.BYTES_PER_ELEMENT).getFloat64(0, true);
    };
  }
}
