// What a device must know of each set of coefficients to find those of a step itself: native/core/program.h.
import { addon, live } from "../native/engine";
import { Program } from "../rule/program";

/** The views of one set. */
interface SetViews {
  readonly coefficients: Float32Array;
  readonly numbers: Int32Array;
  readonly interval: Float64Array;
  readonly program: Program;
}

export class LiveSets {
  readonly bytes: Uint8Array;
  readonly #views: SetViews[];

  /** @param capacity how many sets there is room for */
  constructor(readonly capacity: number) {
    this.bytes = new Uint8Array(capacity * live.bytes);
    this.#views = Array.from({ length: capacity }, (_, set) => viewsOf(this.bytes.buffer, set * live.bytes));
  }

  /** Where the program of a set is to be written. */
  program(set: number): Program {
    const { program } = this.#views[set] as SetViews;
    program.begin();
    return program;
  }

  /**
   * Writes the rest of a set, after its program.
   *
   * @param coefficients those that do not depend on the number of the step
   * @param stages all but Lookahead's blend
   * @param interval of Lookahead's blend, in steps; 0: there is none
   * @returns the variant whose kernel is launched first
   */
  write(set: number, coefficients: Float32Array, variant: number, stages: number, interval: number): number {
    const views = this.#views[set] as SetViews;
    const [one = variant, other = -1] = views.program.variants;
    views.coefficients.set(coefficients);
    views.numbers[0] = one;
    views.numbers[1] = other;
    views.numbers[2] = stages;
    views.numbers[3] = views.program.count;
    views.interval[0] = interval;
    return one;
  }

  /** The variants that the kernels of a set are launched for. */
  variants(set: number): readonly [number, number] {
    const { numbers } = this.#views[set] as SetViews;
    return [numbers[0] as number, numbers[1] as number];
  }
}

function viewsOf(buffer: ArrayBufferLike, at: number): SetViews {
  return {
    coefficients: new Float32Array(buffer, at + live.coefficients, addon.maxCoefficients),
    numbers: new Int32Array(buffer, at + live.numbers, 4),
    interval: new Float64Array(buffer, at + live.interval, 1),
    program: new Program(new Float64Array(buffer, at + live.program, 4 * live.most)),
  };
}
