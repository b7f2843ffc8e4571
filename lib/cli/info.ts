import { info, type Info } from "../info";
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

export function runInfo(args: readonly string[]): void {
  const { json } = readOptions(args, { json: { type: "boolean", default: false } });
  const facts = info();
  if (json) {
    console.log(JSON.stringify(facts, null, 2));
    return;
  }
  const backends = facts.backends.map(({ name, supported }) => {
    if (!supported) return `${name} (not on this processor)`;
    return name === facts.backend ? `${bold(name)} (in use)` : name;
  });
  const rows = [
    ["adabelief", `${facts.version}, Node ${facts.node}`],
    ["platform", `${facts.platform}, ${facts.libc}`],
    ["binary", `${facts.binary.path} (${facts.binary.origin})`],
    ["backends", backends.join(", ")],
    ["threads", String(facts.threads)],
    ["cuda", cudaText(facts.cuda)],
    ["mpi", mpiText(facts.mpi)],
  ];
  for (const [name, value] of rows as [string, string][]) console.log(`${name.padEnd(10)} ${value}`);
}
