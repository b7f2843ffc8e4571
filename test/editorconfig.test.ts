import { readFileSync } from "node:fs";
import { join } from "node:path";

const textOf = (file: string) => readFileSync(join(__dirname, "..", file), "utf8");

it(".editorconfig, Prettier and clang-format agree on the width of a line", () => {
  const width = (JSON.parse(textOf(".prettierrc.json")) as { printWidth: number }).printWidth;
  expect(textOf(".editorconfig")).toContain(`max_line_length = ${width}\n`);
  expect(textOf(".clang-format")).toContain(`ColumnLimit: ${width}\n`);
});
