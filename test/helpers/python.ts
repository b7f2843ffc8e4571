import { spawnSync } from "node:child_process";

/** The first python3 that has PyTorch, and its version; undefined where there is none. */
export function findTorch(): { python: string; version: string } | undefined {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const { status, stdout } = spawnSync(python, ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" });
    if (status === 0) return { python, version: stdout.trim() };
  }
  return undefined;
}

/** The same, where its bits are those of correctly rounded operations. Where there is none, says that `sentence` is skipped. */
export function torchWithExactBits(sentence: string): ReturnType<typeof findTorch> {
  const torch = findTorch();
  // From 2.13 on PyTorch's own square root is not correctly rounded any more.
  const [major = 0, minor = 0] = (torch?.version ?? "").split(".").map(Number);
  if (torch !== undefined && (major < 2 || (major === 2 && minor < 13))) return torch;
  const why = torch === undefined ? "there is no python3 with PyTorch" : `PyTorch ${torch.version} rounds otherwise`;
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}": ${why}\n`);
  return undefined;
}
