import { arrayKind } from "../errors";

/** An array of floats, or of 16 bits an element. */
export type HostArray = Float32Array | Uint16Array;

/** The bytes of an element. */
export const sizeOf = (array: HostArray): number => (arrayKind(array) === "Uint16Array" ? 2 : 4);
