import type { Info } from "../info";
import { target } from "../native/binary";
import { libc } from "../native/explain";
import { version } from "../version";
import { readOptions } from "./arguments";
import { bold } from "./terminal";

export const infoHelp = `adabelief info [--json]
  Version, platform, the binary that was loaded, the backends, the GPUs and the MPI library, or why there are none.`;

function cudaText({ available, reason, driver, devices }: Info["cuda"]): string {
  if (!available) return `off: ${reason}`;
  const list = devices.map(({ name, memory, computeCapability }) => {
    return `${bold(name)} (${(memory / 2 ** 30).toFixed(1)} GiB, ${computeCapability})`;
  });
  const what = driver?.standIn === true ? "a mock driver for tests, on the processor: no GPU; it plays" : "driver for";
  return `${list.join(", ")}; ${what} CUDA ${driver?.version ?? "unknown"}`;
}

const mpiText = ({ reason, library }: Info["mpi"]): string =>
  library === null ? `off: ${reason}` : `${bold(library.path)} (${library.version}; ABI: ${library.abi})`;

/** What is known where the package does not load: a missing binary, or a wrong variable. */
interface Problem extends Pick<Info, "version" | "node" | "platform" | "libc"> {
  problem: string;
}

async function findFacts(): Promise<Info | Problem> {
  try {
    const { info } = await import("../info.js");
    return info();
  } catch (error) {
    return { version, node: process.version, platform: target, libc: libc(), problem: (error as Error).message };
  }
}

export async function runInfo(args: readonly string[]): Promise<void> {
  const { json } = readOptions(args, { json: { type: "boolean", default: false } });
  const facts = await findFacts();
  if (json) {
    console.log(JSON.stringify(facts, null, 2));
    return;
  }
  const rows = [
    ["adabelief", `${facts.version}, Node ${facts.node}`],
    ["platform", `${facts.platform}, ${facts.libc}`],
    ...("problem" in facts ? [["problem", facts.problem]] : loadedRows(facts)),
  ];
  for (const [name, value] of rows as [string, string][]) console.log(`${name.padEnd(10)} ${value}`);
}

function loadedRows(facts: Info): string[][] {
  const backends = facts.backends.map(({ name, supported }) => {
    if (!supported) return `${name} (not on this processor)`;
    return name === facts.backend ? `${bold(name)} (in use)` : name;
  });
  return [
    ["binary", `${facts.binary.path} (${facts.binary.origin})`],
    ["backends", backends.join(", ")],
    ["threads", String(facts.threads)],
    ["cuda", cudaText(facts.cuda)],
    ["mpi", mpiText(facts.mpi)],
  ];
}
