// Reading a command line with Node's own parser: every mistake is one clear line and exit code 2.
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

type OptionsConfig = NonNullable<ParseArgsConfig["options"]>;

/** What is wrong with a command line. */
export class UsageError extends Error {}

/** Parses options; a message of Node's parser is cut to its first sentence. */
export function readOptions<T extends OptionsConfig>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T }>>["values"] {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\n|\. /)[0]);
  }
}

/** A list with commas, each part read by `read`. */
export function list<T>(text: string, what: string, read: (part: string) => T | undefined): T[] {
  return text.split(",").map((part) => {
    const value = read(part.trim());
    if (value === undefined) throw new UsageError(`${what} cannot be ${JSON.stringify(part)}`);
    return value;
  });
}

/** A whole number within bounds; "1e6" is one too. */
export function whole(text: string, least: number, most: number): number | undefined {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

/** Makes sure, before the work for it begins, that a file can be written. */
export function requireWritable(option: string, path: string | undefined): void {
  if (path === undefined) return;
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw new UsageError(`${option} cannot be written: ${(error as Error).message}`);
  }
}

/** One of several things by its name. */
export function named<T extends { readonly name: string }>(things: readonly T[]): (text: string) => T | undefined {
  return (text) => things.find(({ name }) => name === text);
}
