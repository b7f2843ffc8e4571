import { spawnSync } from "node:child_process";

/** The first python3 that has PyTorch, and its version; undefined where there is none. */
export function findTorch(): { python: string; version: string } | undefined {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const { status, stdout } = spawnSync(python, ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" });
    if (status === 0) return { python, version: stdout.trim() };
  }
  return undefined;
}
