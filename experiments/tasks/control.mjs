// Reinforcement learning: a pole is balanced by a policy that is trained by its gradient (REINFORCE, Williams, 1992).
import { crossEntropy } from "../graph/index.mjs";
import { Network } from "../models/network.mjs";
import { policy } from "../models/policy.mjs";
import { randomFor } from "../random.mjs";
import { makeOptimizer } from "../settings.mjs";
import { advance, hasFallen, longest, reset } from "./cartpole.mjs";
import { Clock, compile, tensor } from "./compile.mjs";

export const prepare = () => {};

/** The sum of the rewards from each step on, with a reward of 1 a step, discounted. */
export function returnsOf(length, discount) {
  const returns = Array(length);
  for (let k = length - 1; k >= 0; --k) returns[k] = 1 + (k + 1 < length ? discount * returns[k + 1] : 0);
  return returns;
}

/** Values with mean 0 and deviation 1. */
function standardize(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (value - mean) / (deviation + 1e-8));
}

/** What plays `rows` episodes side by side. `choose(logits)` is the action of two. Returns each episode's states and actions. */
async function makePlayer(network, rows, architecture) {
  const states = tensor([rows, 4]);
  const { run, logits } = await compile((graph, scope) => ({
    outputs: { logits: policy(scope(network, false), graph.input(states), architecture) },
  }));
  return async (random, choose) => {
    const episodes = Array.from({ length: rows }, () => ({ state: reset(random), states: [], actions: [] }));
    const isOpen = ({ state, actions }) => actions.length < longest && !hasFallen(state);
    for (let open = episodes.filter(isOpen); open.length > 0; open = open.filter(isOpen)) {
      open.forEach(({ state }, row) => states.data.set(state, 4 * row));
      await run();
      open.forEach((episode, row) => {
        const action = choose([logits[2 * row], logits[2 * row + 1]]);
        episode.states.push(episode.state);
        episode.actions.push(action);
        episode.state = advance(episode.state, action);
      });
    }
    return episodes;
  };
}

/** The likelier action, and one drawn with its probability. */
const likelier = ([left, right]) => Number(right > left);
const drawn =
  (random) =>
  ([left, right]) =>
    Number(random.uniform() < 1 / (1 + Math.exp(left - right)));

export async function create(job, config) {
  const { rows, rounds, discount, held, architecture } = config;
  const network = new Network(randomFor(job.seed, "weights"));
  const count = rows * longest;
  const [states, actions, weights] = [tensor([count, 4]), tensor([count], Int32Array), tensor([count])];
  const compiled = await compile((graph, scope) => {
    const logits = policy(scope(network, true), graph.input(states), architecture);
    return { loss: crossEntropy(logits, graph.input(actions), graph.input(weights)), gradients: network.trainable };
  });
  const play = await makePlayer(network, rows, architecture);
  const playHeld = await makePlayer(network, held, architecture);
  const optimizer = makeOptimizer(job.optimizer, network.trainable, job.options);
  const clock = new Clock();
  let random;

  /** Rows after the last step of all episodes have the weight 0. */
  function fill(episodes) {
    const advantages = standardize(episodes.flatMap(({ actions }) => returnsOf(actions.length, discount)));
    states.data.fill(0);
    actions.data.fill(0);
    weights.data.fill(0);
    states.data.set(episodes.flatMap((episode) => episode.states.flat()));
    actions.data.set(episodes.flatMap((episode) => episode.actions));
    weights.data.set(advantages.map((advantage) => advantage / advantages.length));
  }

  return {
    ...{ networks: [network], optimizers: [optimizer], clock, steps: rounds },
    beginEpoch(epoch) {
      random = randomFor(job.seed, `episodes of epoch ${epoch}`);
    },
    async step() {
      fill(await play(random, drawn(random)));
      await clock.measure("gradients", compiled.run);
      await clock.measure("steps", () => optimizer.step());
      return compiled.loss[0];
    },
    /** Steps that the pole is balanced for, with the likelier action. */
    async evaluate() {
      const episodes = await playHeld(randomFor(job.seed, `episodes of ${job.split}`), likelier);
      return { balanced: episodes.reduce((sum, { actions }) => sum + actions.length, 0) / held };
    },
  };
}
