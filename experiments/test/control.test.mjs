// The pole on a cart, and returns of its episodes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { paperJobs } from "../jobs.mjs";
import { Random } from "../random.mjs";
import { advance, hasFallen, reset } from "../tasks/cartpole.mjs";
import { returnsOf } from "../tasks/control.mjs";
import { train } from "../train.mjs";

test("a push moves the cart one way and the pole the other, alike to both sides", () => {
  const right = advance([0, 0, 0, 0], 1);
  const left = advance([0, 0, 0, 0], 0);
  assert.ok(right[1] > 0 && right[3] < 0);
  left.forEach((value, k) => assert.ok(value === -right[k], `part ${k} of the state`));
  // 10 N on an upright pole: angular acceleration −(10/1.1)/(0.5·(4/3 − 0.1/1.1)), acceleration 10/1.1 + 0.05·14.634/1.1
  assert.ok(Math.abs(right[3] + 0.02 * 14.634146) < 1e-7 && Math.abs(right[1] - 0.02 * 9.756098) < 1e-7);
});

test("episodes end where the pole or the cart is too far off", () => {
  assert.ok(hasFallen([2.5, 0, 0, 0]) && hasFallen([0, 0, -0.21, 0]) && !hasFallen([2.3, 9, 0.2, 9]));
  const random = new Random(1);
  for (let k = 0; k < 100; ++k) assert.ok(reset(random).every((value) => Math.abs(value) <= 0.05));
  let [state, steps] = [[0, 0, 0, 0], 0];
  for (; !hasFallen(state); ++steps) state = advance(state, 1);
  assert.equal(steps, 9, "steps under a steady push");
});

test("discounted returns", () => {
  assert.deepEqual(returnsOf(3, 0.5), [1.75, 1.5, 1]);
  assert.deepEqual(returnsOf(0, 0.5), []);
});

test("Adam learns to balance the pole", async () => {
  const [job] = paperJobs({ task: "control", model: "cartpole", size: "small", optimizers: ["Adam"], seeds: [1] });
  const { curve } = await train({ ...job, epochs: 3 });
  assert.ok(curve.at(-1).balanced > 150, `balanced for ${curve.map(({ balanced }) => balanced).join(", ")} steps, seed 1`);
});
