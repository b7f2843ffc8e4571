import { parameter, SGD } from "../lib";
import { onEveryBackend } from "./helpers/backends";
import { expectSameBits } from "./helpers/bits";

/** p − lr·g, with a sum that lies a little below the middle of two floats: rounding it to double first would reach the middle. */
const cases: [string, { p: number; lr: number; g: number }][] = [
  ["below 1", { p: 1 - 2 ** -24, lr: (1 + 2 ** -20) * 2 ** -12, g: -(1 - 2 ** -20) * 2 ** -13 }],
  ["where floats become subnormal", { p: 2 ** -126 - 2 ** -149, lr: (1 + 2 ** -20) * 2 ** -75, g: -(1 - 2 ** -20) * 2 ** -75 }],
  ["among subnormal floats", { p: 3 * 2 ** -149, lr: (1 + 2 ** -20) * 2 ** -75, g: -(1 - 2 ** -20) * 2 ** -75 }],
];

describe.each(cases)("a product and a sum are rounded once %s", (_, { p, lr, g }) => {
  onEveryBackend("so that a step keeps the parameter", () => {
    const start = new Float32Array(101).fill(p);
    const weight = parameter(start.slice(), { grad: new Float32Array(101).fill(g) });
    new SGD([weight], { lr }).step();
    expectSameBits(weight.data, start, "p");
  });
});
