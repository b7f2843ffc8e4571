// What a person sees: colours and progress where there is a terminal, plain text where there is none.

type Stream = NodeJS.WriteStream & { isTTY?: boolean };

/** Bold on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function bold(text: string, stream: Stream = process.stdout): string {
  return stream.isTTY && !process.env["NO_COLOR"] ? `\u001b[1m${text}\u001b[0m` : text;
}

/** Milliseconds between two lines of progress where there is no terminal. */
const interval = 10_000;

/** A progress line on standard error, rewritten in place; where that is no terminal, a line now and then. */
export function progress(stream: Stream = process.stderr) {
  const width = 24;
  let next = performance.now() + interval;
  return {
    show(what: string, share: number): void {
      if (!stream.isTTY) {
        if (performance.now() < next) return;
        next = performance.now() + interval;
        stream.write(`${Math.round(100 * share)} %: ${what}\n`);
        return;
      }
      const done = Math.round(share * width);
      stream.write(`\r\u001b[K[${"=".repeat(done)}${"-".repeat(width - done)}] ${what}`);
    },
    clear(): void {
      if (stream.isTTY) stream.write("\r\u001b[K");
    },
  };
}
