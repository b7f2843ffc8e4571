// Functions of two variables, as data. Their gradients and values take only operations that every machine rounds alike.

export type Point = readonly [x: number, y: number];

export interface Problem {
  readonly name: string;
  readonly formula: string;
  readonly value: (x: number, y: number) => number;
  /** Where it does not exist, at a kink of |·|, the derivative is 0, as PyTorch has it. */
  readonly gradient: (x: number, y: number) => Point;
  readonly minimum: Point;
  readonly start: Point;
  /** What a picture shows. */
  readonly window: { readonly x: Point; readonly y: Point };
  /** The values that contour lines stand for, and whether lines are at equal differences or at equal ratios. */
  readonly contours: { readonly scale: "linear" | "log"; readonly levels: readonly number[] };
  readonly source: string;
}

const { abs, sign } = Math;
const square = (x: number): number => x * x;

const multiples = (step: number, count: number): number[] => Array.from({ length: count }, (_, k) => step * (k + 1));
const doublings = (first: number, count: number): number[] => Array.from({ length: count }, (_, k) => first * 2 ** k);

const paper = "Zhuang et al.: AdaBelief Optimizer, NeurIPS 2020, numerical examples; the start is ours";
const collection = "Moré, Garbow, Hillstrom: Testing Unconstrained Optimization Software, ACM TOMS 7, 1981, with its start";

/** What the four examples of the paper have in common, which differ in their formula. */
const example = { minimum: [0, 0], source: paper } as const;

/** The toy problems of the AdaBelief paper. */
export const problems: readonly Problem[] = [
  {
    ...example,
    name: "l1",
    formula: "|x| + |y|",
    value: (x, y) => abs(x) + abs(y),
    gradient: (x, y) => [sign(x), sign(y)],
    start: [-1, 0.3],
    window: { x: [-1.2, 0.4], y: [-0.6, 0.6] },
    contours: { scale: "linear", levels: multiples(0.1, 20) },
  },
  {
    ...example,
    name: "l1-inseparable",
    formula: "|x + y| + |x − y|/10",
    value: (x, y) => abs(x + y) + abs(x - y) / 10,
    gradient: (x, y) => [sign(x + y) + sign(x - y) / 10, sign(x + y) - sign(x - y) / 10],
    start: [-1, 0.3],
    window: { x: [-1.4, 0.6], y: [-0.4, 1] },
    contours: { scale: "linear", levels: multiples(0.1, 20) },
  },
  {
    ...example,
    name: "l2-inseparable",
    formula: "(x + y)² + (x − y)²/10",
    value: (x, y) => square(x + y) + square(x - y) / 10,
    gradient: (x, y) => [2 * (x + y) + (x - y) / 5, 2 * (x + y) - (x - y) / 5],
    start: [-1, 0.3],
    window: { x: [-1.4, 0.6], y: [-0.4, 1] },
    contours: { scale: "log", levels: doublings(1 / 1024, 13) },
  },
  {
    ...example,
    name: "l1-scaled",
    formula: "|x|/10 + |y|",
    value: (x, y) => abs(x) / 10 + abs(y),
    gradient: (x, y) => [sign(x) / 10, sign(y)],
    start: [-1, 0.3],
    window: { x: [-1.2, 0.4], y: [-0.6, 0.6] },
    contours: { scale: "linear", levels: multiples(0.05, 15) },
  },
  {
    name: "beale",
    formula: "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
    value: (x, y) => square(1.5 - x + x * y) + square(2.25 - x + x * y * y) + square(2.625 - x + x * y * y * y),
    gradient: (x, y) => {
      const [a, b, c] = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y];
      return [2 * (a * (y - 1) + b * (y * y - 1) + c * (y * y * y - 1)), 2 * (a * x + 2 * b * x * y + 3 * c * x * y * y)];
    },
    minimum: [3, 0.5],
    start: [1, 1],
    window: { x: [0, 4], y: [-1.5, 1.5] },
    contours: { scale: "log", levels: doublings(1 / 16, 15) },
    source: collection,
  },
  {
    name: "rosenbrock",
    formula: "(1 − x)² + 100(y − x²)²",
    value: (x, y) => square(1 - x) + 100 * square(y - x * x),
    gradient: (x, y) => [2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)],
    minimum: [1, 1],
    start: [-1.2, 1],
    window: { x: [-1.6, 1.6], y: [-0.5, 1.5] },
    contours: { scale: "log", levels: doublings(1 / 4, 14) },
    source: collection,
  },
];
