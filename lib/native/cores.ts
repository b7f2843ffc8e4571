import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** A limit in cores as control groups write it: "200000 100000" (v2: quota and period), or two files (v1); Infinity for none. */
export function parseQuota(quota: string, period: string): number {
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : Infinity;
}

const read = (...path: string[]): string | undefined => {
  try {
    return readFileSync(join(...path), "utf8").trim();
  } catch {
    return undefined;
  }
};

/** The tightest limit on this process's control group and the groups around it. */
export function controlGroupLimit(root = "/sys/fs/cgroup", membership = read("/proc/self/cgroup") ?? ""): number {
  let limit = Infinity;
  for (const line of membership.split("\n")) {
    const [, controllers = "", path = "/"] = line.split(":");
    const version2 = controllers === "";
    if (!version2 && !controllers.split(",").includes("cpu")) continue;
    const names = path.split("/").filter((name) => name !== "" && name !== "..");
    for (let depth = names.length; depth >= 0; --depth) {
      const folder = join(root, version2 ? "" : "cpu", ...names.slice(0, depth));
      const [quota, period] = version2
        ? (read(folder, "cpu.max") ?? "max 1").split(" ")
        : [read(folder, "cpu.cfs_quota_us") ?? "-1", read(folder, "cpu.cfs_period_us") ?? "1"];
      limit = Math.min(limit, parseQuota(quota as string, period as string));
    }
  }
  return limit;
}

/** The cores that this process may use: what its affinity allows, no more than its control group's share of time. */
export function usableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(controlGroupLimit())));
}
