import { info } from "../info";
import { readOptions } from "./arguments";
import { bold } from "./terminal";

export const infoHelp = `adabelief info [--json]
  Version, platform, the binary that was loaded, the backends, and why CUDA is off.`;

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
    ["cuda", facts.cuda.available ? "available" : `off: ${facts.cuda.reason}`],
  ];
  for (const [name, value] of rows as [string, string][]) console.log(`${name.padEnd(10)} ${value}`);
}
