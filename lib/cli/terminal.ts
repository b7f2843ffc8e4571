// What a person sees: colours and progress where there is a terminal, plain text where there is none.

type Stream = NodeJS.WriteStream & { isTTY?: boolean };

/** Bold on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function bold(text: string, stream: Stream = process.stdout): string {
  return stream.isTTY && !process.env["NO_COLOR"] ? `\u001b[1m${text}\u001b[0m` : text;
}

/** A progress line on standard error, rewritten in place; nothing at all where that is no terminal. */
export function progress(stream: Stream = process.stderr) {
  const width = 24;
  return {
    show(what: string, share: number): void {
      if (!stream.isTTY) return;
      const done = Math.round(share * width);
      stream.write(`\r\u001b[K[${"=".repeat(done)}${"-".repeat(width - done)}] ${what}`);
    },
    clear(): void {
      if (stream.isTTY) stream.write("\r\u001b[K");
    },
  };
}
