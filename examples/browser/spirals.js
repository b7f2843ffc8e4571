/** Points of two spirals, in an order that mixes them, and which spiral each belongs to. */
export function spirals(count) {
  const points = new Float32Array(2 * count);
  const labels = new Float32Array(count);
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let i = 0; i < count; ++i) {
    const label = i % 2;
    const along = random();
    const angle = 3 * Math.PI * along + Math.PI * label;
    points[2 * i] = (0.1 + 0.9 * along) * Math.cos(angle) + 0.02 * (random() - 0.5);
    points[2 * i + 1] = (0.1 + 0.9 * along) * Math.sin(angle) + 0.02 * (random() - 0.5);
    labels[i] = label;
  }
  return { points, labels };
}
