import { SingleBar } from "cli-progress";

/** A progress bar over `total` of something, with a text of its own, on a terminal; nothing elsewhere. */
export function progressBar(title, total, what) {
  const format = `${title} [{bar}] {value}/{total} ${what}  {text}`;
  const bar = new SingleBar({ format, barsize: 24, hideCursor: true, noTTYOutput: false });
  bar.start(total, 0, { text: "" });
  return { update: (done, text) => bar.update(done, { text }), stop: () => bar.stop() };
}
