#!/usr/bin/env node
import { version } from "../version";
import { UsageError } from "./arguments";

interface Command {
  run(args: readonly string[]): void | Promise<void>;
  help: string;
}

/** The commands are loaded when they are needed: they load the binary, which may be what is wrong. */
const commands: Record<string, () => Promise<Command>> = {
  info: () => import("./info.js").then(({ runInfo, infoHelp }) => ({ run: runInfo, help: infoHelp })),
  bench: () => import("./bench.js").then(({ runBench, benchHelp }) => ({ run: runBench, help: benchHelp })),
  compare: () => import("./compare.js").then(({ runCompare, compareHelp }) => ({ run: runCompare, help: compareHelp })),
};

/** The help of one command, or of all. It needs no step: WebAssembly serves if the binary does not load, or the environment is wrong. */
async function helpText(about?: string): Promise<string> {
  for (const key of ["ADABELIEF_THREADS", "ADABELIEF_WASM"]) process.env[key] = "";
  process.env["ADABELIEF_BACKEND"] = "wasm";
  const texts = Object.entries(commands).map(([name, load]) =>
    load().then(
      ({ help }) => help,
      () => `adabelief ${name}`,
    ),
  );
  const all = await Promise.all(texts);
  const one = about === undefined ? undefined : all[Object.keys(commands).indexOf(about)];
  const rest = "adabelief help [command], --help, -h, --version, -v";
  return one ?? `Fused native optimizers for Node.js.\n\n${all.join("\n")}\n${rest}`;
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === "help" || [name, ...args].some((arg) => arg === "--help" || arg === "-h")) {
    console.log(await helpText(name === "help" ? args[0] : name));
    return;
  }
  if (name === "--version" || name === "-v") {
    console.log(version);
    return;
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const known = Object.keys(commands).join(", ");
    throw new UsageError(
      name === undefined ? `a command is missing: ${known}` : `there is no command ${JSON.stringify(name)}: ${known}`,
    );
  }
  await (await command()).run(args);
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // the reader of a pipe has seen enough
  console.error(`adabelief: the output cannot be written: ${error.message}`);
  process.exit(1);
});
process.stderr.on("error", () => process.exit(1)); // nobody can be told

main(process.argv.slice(2)).catch((error: unknown) => {
  const usage = error instanceof UsageError;
  console.error(`adabelief: ${(error as Error).message}${usage ? " (see adabelief --help)" : ""}`);
  process.exitCode = usage ? 2 : 1;
});
