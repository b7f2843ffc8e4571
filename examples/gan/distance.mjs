/** The mean and the standard deviation of each pixel, over images of `size` pixels one after another. */
function statisticsOf(images, size) {
  const count = images.length / size;
  return Array.from({ length: size }, (_, i) => {
    let [sum, squares] = [0, 0];
    for (let at = i; at < images.length; at += size) {
      sum += images[at];
      squares += images[at] ** 2;
    }
    const mean = sum / count;
    return { mean, spread: Math.sqrt(Math.max(0, squares / count - mean ** 2)) };
  });
}

/** The Fréchet distance between two sets of images, were their pixels independent and normal: crude, and soon computed. */
export function distanceBetween(a, b, size) {
  const [ours, theirs] = [a, b].map((images) => statisticsOf(images, size));
  return Math.hypot(...ours.flatMap(({ mean, spread }, i) => [mean - theirs[i].mean, spread - theirs[i].spread]));
}
