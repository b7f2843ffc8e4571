import { allocateOnDevice } from "../cuda";
import type { CudaArray } from "../cuda/array";
import type { Retained } from "./retained";

/** The steps that each parameter has made: counted here, or with `capturable` by the device, which alone knows them. */
export class StepCounts {
  /** By the parameters' numbers; out of date while a device counts. */
  readonly here: number[] = [];
  #device: CudaArray | null = null;

  /** @param finish waits until the device has counted all steps so far */
  constructor(
    private readonly retained: Retained,
    private readonly finish: () => void,
  ) {}

  /** Whether a device counts. */
  get away(): boolean {
    return this.#device !== null;
  }

  of(index: number): number {
    this.#read();
    return this.here[index] ?? 0;
  }

  put(index: number, steps: number): void {
    this.#read();
    this.here[index] = steps;
    this.#device?.write(this.#floats());
  }

  /** Has a device count. Returns the memory that it counts in. */
  takeAway(place: number, stream: bigint): CudaArray {
    const floats = 2 * this.here.length; // a double each
    if (this.#device?.length === floats) return this.#device;
    this.bringBack();
    const fresh = allocateOnDevice(place, floats, stream);
    fresh.write(this.#floats(), { stream });
    return (this.#device = fresh);
  }

  /** Counts here again. */
  bringBack(): void {
    this.#read();
    this.#letGo();
  }

  /** Forgets all counts, whatever has become of the device. */
  clear(): void {
    this.#letGo();
    this.here.length = 0;
  }

  #letGo(): void {
    if (this.#device !== null) this.retained.giveBack(this.#device);
    this.#device = null;
  }

  #read(): void {
    if (this.#device === null) return;
    this.finish();
    const { buffer, byteOffset, length } = this.#device.read();
    const view = new DataView(buffer, byteOffset);
    for (let index = 0; index < length / 2; ++index) this.here[index] = view.getFloat64(8 * index, true);
  }

  #floats(): Float32Array {
    return new Float32Array(Float64Array.from(this.here).buffer);
  }
}
