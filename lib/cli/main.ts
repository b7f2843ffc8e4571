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

/** The help of all commands. It needs no step: WebAssembly serves wherever the binary does not load, or the environment is wrong. */
async function helpText(): Promise<string> {
  for (const key of ["ADABELIEF_THREADS", "ADABELIEF_WASM"]) process.env[key] = "";
  process.env["ADABELIEF_BACKEND"] = "wasm";
  const texts = Object.entries(commands).map(([name, load]) =>
    load().then(
      ({ help }) => help,
      () => `adabelief ${name}`,
    ),
  );
  return `Fused native AdaBelief for Node.js.\n\n${(await Promise.all(texts)).join("\n")}\nadabelief --help, --version`;
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === "--help" || name === "-h" || args.includes("--help")) {
    console.log(await helpText());
    return;
  }
  if (name === "--version") {
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
  throw error;
});

main(process.argv.slice(2)).catch((error: unknown) => {
  const usage = error instanceof UsageError;
  console.error(`adabelief: ${(error as Error).message}${usage ? " (see adabelief --help)" : ""}`);
  process.exitCode = usage ? 2 : 1;
});
