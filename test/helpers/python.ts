import { spawnSync } from "node:child_process";

/** The first python3 that has PyTorch, and its version; undefined where there is none. */
export function findTorch(): { python: string; version: string } | undefined {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const { status, stdout } = spawnSync(python, ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" });
    if (status === 0) return { python, version: stdout.trim() };
  }
  return undefined;
}

/**
 * A python3 whose PyTorch rounds as the reference does, and `it` for a test that compares bits with it. Where there is none, that test is
 * reported as skipped, and says so aloud.
 */
export function torchFor(sentence: string): { python: string; version: string; it: jest.It } {
  const torch = findTorch();
  // From 2.13 on PyTorch's own square root is not correctly rounded any more.
  const [major = 0, minor = 0] = (torch?.version ?? "").split(".").map(Number);
  if (torch !== undefined && (major < 2 || (major === 2 && minor < 13))) return { ...torch, it };
  const why = torch === undefined ? "there is no python3 with PyTorch" : `PyTorch ${torch.version} rounds otherwise`;
  process.stderr.write(`\nSKIPPED, not passed: "${sentence}": ${why}\n`);
  return { python: "", version: torch?.version ?? "not at hand", it: it.skip };
}
