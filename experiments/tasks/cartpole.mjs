// The pole on a cart of Barto, Sutton and Anderson (1983), with the constants and limits of Gymnasium's CartPole-v1.
const gravity = 9.8;
const [cartMass, poleMass] = [1, 0.1];
const mass = cartMass + poleMass;
const halfLength = 0.5;
const force = 10;
const seconds = 0.02; // of a step
const [farthest, steepest] = [2.4, (12 * Math.PI) / 180];

/** An episode ends after as many steps at the latest. */
export const longest = 500;

/** A state: position, speed, angle, angular speed. All begin in ±0.05. */
export const reset = (random) => Array.from({ length: 4 }, () => 0.1 * random.uniform() - 0.05);

/** The state after a push to the left (0) or the right (1), by Euler's method. */
export function advance([x, speed, angle, turning], action) {
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const push = ((action === 1 ? force : -force) + poleMass * halfLength * turning ** 2 * sin) / mass;
  const angular = (gravity * sin - cos * push) / (halfLength * (4 / 3 - (poleMass * cos ** 2) / mass));
  const acceleration = push - (poleMass * halfLength * angular * cos) / mass;
  return [x + seconds * speed, speed + seconds * acceleration, angle + seconds * turning, turning + seconds * angular];
}

export const hasFallen = ([x, , angle]) => Math.abs(x) > farthest || Math.abs(angle) > steepest;
