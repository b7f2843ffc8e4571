// The model of what a step over ranks costs: its terms, by hand.
import { bytesSent, efficiency, type Load, type Network } from "../lib/bench/mpi-model";

const load: Load = { parameters: 1e8, bucket: 1e6, gradients: 2, step: 0.2 };
/** 10 µs a message, 1 GB/s. */
const network: Network = { alpha: 1e-5, beta: 1e-9 };

it.each([
  [1, 0],
  [2, 4],
  [4, 6],
  [8, 7],
  [1000, 7.992],
])("%i ranks send %d bytes a parameter", (ranks, bytes) => {
  expect(bytesSent(ranks)).toBeCloseTo(bytes, 12);
});

it("one rank is as fast as one rank", () => {
  expect(efficiency(network, load, 1, false)).toBe(1);
  expect(efficiency(network, load, 1, true)).toBe(1);
});

it("messages, bytes and the rank's share of the step add up", () => {
  const exchange = 2 * 7 * 1e-5 * 100 + 7 * 1e8 * 1e-9; // 14 ms of latency, 0.7 s of bytes
  expect(efficiency(network, load, 8, false)).toBeCloseTo(2.2 / (2 + exchange + 0.025), 12);
});

it("with ready() half of the exchange hides behind the backward pass, as far as that lasts", () => {
  const exchange = 2 * 7 * 1e-5 * 100 + 7 * 1e8 * 1e-9;
  expect(efficiency(network, load, 8, true)).toBeCloseTo(2.2 / (2 + exchange / 2 + 0.025), 12);
  const short: Load = { ...load, gradients: 0.3 };
  expect(efficiency(network, short, 8, true)).toBeCloseTo(0.5 / (0.3 + exchange - 0.2 + 0.025), 12);
});
