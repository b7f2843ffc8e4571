// Images as floats, [number, channels, size, size], and batches of them.

/** Images at half the height and width: each pixel the mean of four. */
export function halve({ pixels, labels, channels, size }) {
  const half = size / 2;
  const result = new Float32Array(pixels.length / 4);
  for (let plane = 0; plane < pixels.length / size ** 2; ++plane)
    for (let y = 0; y < half; ++y)
      for (let x = 0; x < half; ++x) {
        const at = plane * size ** 2 + 2 * y * size + 2 * x;
        result[plane * half ** 2 + y * half + x] = (pixels[at] + pixels[at + 1] + pixels[at + size] + pixels[at + size + 1]) / 4;
      }
  return { pixels: result, labels, channels, size: half };
}

/** The images from number `start` on. */
export function subset({ pixels, labels, channels, size }, start, count) {
  const each = channels * size ** 2;
  if (start + count > labels.length) throw new RangeError(`Expected at least ${start + count} images, got ${labels.length}`);
  return {
    pixels: pixels.subarray(start * each, (start + count) * each),
    labels: labels.subarray(start, start + count),
    channels,
    size,
  };
}

/** Writes image `index` to position `row` of a batch. */
export function copyImage({ pixels, channels, size }, index, batch, row) {
  const each = channels * size ** 2;
  batch.set(pixels.subarray(index * each, (index + 1) * each), row * each);
}

/** Writes image `index` to position `row` of a batch, moved by up to `margin` pixels and mirrored by chance, with zeros around it. */
export function copyAugmented({ pixels, channels, size }, index, batch, row, margin, random) {
  const mirrored = random.uniform() < 0.5;
  const [dx, dy] = [random.below(2 * margin + 1) - margin, random.below(2 * margin + 1) - margin];
  const each = channels * size ** 2;
  for (let c = 0; c < channels; ++c)
    for (let y = 0; y < size; ++y) {
      const to = row * each + (c * size + y) * size;
      const from = index * each + (c * size + y + dy) * size;
      const outside = y + dy < 0 || y + dy >= size;
      for (let x = 0; x < size; ++x) {
        const sx = (mirrored ? size - 1 - x : x) + dx;
        batch[to + x] = outside || sx < 0 || sx >= size ? 0 : pixels[from + sx];
      }
    }
}
