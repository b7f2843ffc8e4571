// Reading a command line with Node's own parser: every mistake is one clear line and exit code 2.
import { accessSync, closeSync, constants, openSync, statSync, unlinkSync } from "node:fs";
import { extname, sep } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { targetOf } from "../checkpoint/durable";

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

/** A list with commas, each part read by `read`. `choices` are all that there are, where they can be listed. */
export function list<T>(text: string, what: string, read: (part: string) => T | undefined, choices: readonly string[] = []): T[] {
  return text.split(",").map((part) => {
    const value = read(part.trim());
    if (value !== undefined) return value;
    const advice = choices.length > 0 ? `; there are ${choices.join(", ")}` : "";
    throw new UsageError(`${what} cannot be ${JSON.stringify(part)}${advice}`);
  });
}

/** A list with commas of names. */
export const choose = <T extends string>(text: string, what: string, names: readonly T[]): T[] =>
  list(text, what, (part) => names.find((name) => name === part), names);

/** A list with commas of things, by their names. */
export const chooseNamed = <T extends { readonly name: string }>(text: string, what: string, things: readonly T[]): T[] =>
  list(
    text,
    what,
    (part) => things.find(({ name }) => name === part),
    things.map(({ name }) => name),
  );

/** A whole number within bounds; "1e6" is one too. */
export function whole(text: string, least: number, most: number): number | undefined {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

/** Makes sure, before the work for it begins, that an SVG can be written to a path. */
export async function requireSvg(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const refuse = (why: string) => new UsageError(`--svg cannot be written: ${why}: ${path}`);
  if (path === "") throw new UsageError("--svg needs a file name");
  if (!["", ".svg"].includes(extname(path).toLowerCase())) throw refuse("it would hold an SVG, so name it .svg");
  let isFolder = path.endsWith(sep);
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    isFolder ||= found?.isDirectory() === true;
    if (found === undefined && !isFolder) tryToCreate(await targetOf(path));
    else if (found?.isFile() === true) closeSync(openSync(path, "r+"));
    else if (!isFolder) accessSync(path, constants.W_OK); // to open a pipe would be to wait for its reader
  } catch (error) {
    throw refuse((error as Error).message.split(", ")[0] as string);
  }
  if (isFolder) throw refuse("a folder, and no file in it");
}

/** Makes a file and removes it. Nothing less tells whether that works: root may write to every folder, and can make no file in some. */
function tryToCreate(path: string): void {
  closeSync(openSync(path, "ax"));
  unlinkSync(path);
}
