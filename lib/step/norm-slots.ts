import { allocateOnDevice } from "../cuda";
import type { CudaArray } from "../cuda/array";
import { plainError } from "../errors";
import { gradients, host } from "../native/engine";
import { cannotCapture } from "./capture-error";
import type { ParameterTable } from "./parameter-table";
import type { NormSlot, ReadStepOptions } from "./step-options";
import type { StepPlan } from "./step-plan";

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

  /** Lets a step leave its norm on the device. One with parameters elsewhere waits for it all the same, and so does one that may be
   * left out, unless it can be captured and nothing of it is the first. */
  offer(plan: StepPlan, { maxGradNorm, skipNonFinite = false, stream = 0n }: ReadStepOptions): void {
    const capturable = plan.request.gradients[gradients.capturable] !== 0;
    const place = plan.parameters[0]?.place ?? host;
    if (place === host || (maxGradNorm === undefined && !(capturable && skipNonFinite))) return;
    if (skipNonFinite && !capturable) return;
    if (plan.capturing && !this.#fits(place, stream)) {
      throw cannotCapture("The step before a captured one that looks at the norm must look at it too, and not be captured");
    }
    const slot = this.#take(place, stream);
    // The host decides whether a first step is left out. A captured one may come next, and finds its slot.
    if (!skipNonFinite || !plan.pending) plan.request.gradients[gradients.slot] = slot;
  }

  #fits(device: number, stream: bigint): boolean {
    return this.#block !== null && this.#next < slotsOfBlock && device === this.#device && stream === this.#stream;
  }

  /** The number of a slot that is free, in the order of a stream. */
  #take(device: number, stream: bigint): number {
    if (!this.#fits(device, stream)) {
      const block = allocateOnDevice(device, slotsOfBlock * gradients.slotFloats, stream);
      this.table.useSlots(block);
      [this.#block, this.#next, this.#device, this.#stream] = [block, 0, device, stream];
    }
    return this.#next;
  }

  /** Gives the slot that was taken last to a step that is done. What it returns reads the slot, and waits for the device. */
  keep({ capturing, request }: StepPlan): () => NormSlot {
    const block = this.#block as CudaArray;
    const slot = this.#next++;
    // A captured step may come next, and may allocate nothing.
    if (!capturing && request.gradients[gradients.capturable] !== 0) this.#take(this.#device, this.#stream);
    return () => {
      if (this.busy) {
        throw plainError("ERR_BUSY", "The gradNorm of an earlier step cannot be read during stepAsync(): await it first");
      }
      this.table.synchronize();
      const { buffer, byteOffset } = block.read();
      const view = new DataView(buffer, byteOffset + slot * gradients.slotFloats * Float32Array.BYTES_PER_ELEMENT);
      return { norm: view.getFloat64(0, true), skipped: view.getFloat32(12, true) !== 0 };
    };
  }
}
