import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for the tests of one file, removed after them. Returns what makes paths in it. */
export function temporaryFolder(): (...names: string[]) => string {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-test-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  return (...names) => join(folder, ...names);
}
