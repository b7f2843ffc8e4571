// A trajectory as a picture can show it: of many steps in one place a single point.
import type { Point, Problem } from "./problems";

/** The part of the window's width and height under which a movement cannot be seen. */
const resolution = 1 / 500;

/** Points of one path; later ones, but for the last, go over what is drawn already. */
const most = 10_000;

/** The steps that have a dot: the last, and those a tenth and a hundredth of the way. */
export const dottedSteps = (steps: number): number[] =>
  [...new Set([steps / 100, steps / 10, steps].map(Math.floor))].filter((step) => step > 0);

/** Where an optimizer was after a step. */
export interface Dot {
  readonly step: number;
  readonly at: Point;
}

export function makePath({ window }: Problem, steps: number) {
  const axis = ([from, to]: Point) => {
    const size = to - from;
    // What is far outside, as where it diverges, is drawn one window away: the picture ends before that.
    return { small: size * resolution, near: (at: number) => Math.min(Math.max(at, from - size), to + size) };
  };
  const [horizontal, vertical] = [axis(window.x), axis(window.y)];
  const dotted = new Set(dottedSteps(steps));
  const points: Point[] = [];
  const dots: Dot[] = [];
  let last: Point | undefined;
  return {
    add(x: number, y: number, step: number): void {
      const kept = points.at(-1);
      last = [horizontal.near(x), vertical.near(y)];
      const moved =
        kept === undefined || Math.abs(last[0] - kept[0]) > horizontal.small || Math.abs(last[1] - kept[1]) > vertical.small;
      if (moved && points.length < most) points.push(last);
      if (dotted.has(step)) dots.push({ step, at: last });
    },
    /** The points, the last one among them in any case. */
    dots,
    points: (): readonly Point[] => (last === undefined || points.at(-1) === last ? points : [...points, last]),
  };
}
