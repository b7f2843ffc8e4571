#!/usr/bin/env node
import { info } from "../info";
import { UsageError } from "./arguments";
import { benchHelp, runBench } from "./bench";
import { compareHelp, runCompare } from "./compare";
import { infoHelp, runInfo } from "./info";

const commands: Record<string, { run: (args: readonly string[]) => void | Promise<void>; help: string }> = {
  info: { run: runInfo, help: infoHelp },
  bench: { run: runBench, help: benchHelp },
  compare: { run: runCompare, help: compareHelp },
};

const help = `Fused native AdaBelief for Node.js.

${Object.values(commands)
  .map((command) => command.help)
  .join("\n")}
adabelief help [command], --help, -h, --version, -v`;

async function main([name, ...args]: readonly string[]): Promise<void> {
  const asks = [name, ...args].some((arg) => arg === "--help" || arg === "-h");
  if (name === "help" || asks) {
    const about = name === "help" ? args[0] : name;
    console.log(about !== undefined && Object.hasOwn(commands, about) ? commands[about]?.help : help);
    return;
  }
  if (name === "--version" || name === "-v") {
    console.log(info().version);
    return;
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const known = Object.keys(commands).join(", ");
    throw new UsageError(
      name === undefined ? `a command is missing: ${known}` : `there is no command ${JSON.stringify(name)}: ${known}`,
    );
  }
  await command.run(args);
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
