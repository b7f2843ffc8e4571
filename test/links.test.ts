// The Markdown pages and the comments name what is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(__dirname, "..");

/** Folders that hold what was built, installed or measured. */
const foreign = /^(node_modules|dist|build.*|results|golden|\.git)$/;

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return foreign.test(entry.name) ? [] : filesIn(path, ending);
    return ending.test(entry.name) ? [relative(root, path).replaceAll("\\", "/")] : [];
  });
}

/** The text of a page without its code. */
const proseOf = (page: string) => readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```$/gms, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
    const text = (heading as string).replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

function isBroken(page: string, target: string): boolean {
  const [path, anchor] = target.split("#") as [string, string | undefined];
  const file = path === "" ? page : relative(root, join(root, dirname(page), decodeURI(path))).replaceAll("\\", "/");
  if (!existsSync(join(root, file))) return true;
  return anchor !== undefined && file.endsWith(".md") && !anchorsOf(file).includes(anchor);
}

const pages = filesIn(root, /\.md$/);

it("finds the pages", () => {
  expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/architecture.md", "examples/gan/README.md"]));
});

it.each(pages)("%s links to files and headings that exist", (page) => {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map((match) => match[1] as string);
  const own = targets.filter((target) => !/^[a-z]+:/.test(target));
  expect(own.filter((target) => isBroken(page, target))).toEqual([]);
});

/** A path that a page names in the text. Capitals stand for a name of the reader's own. */
const named = /^(?:\.ci|\.github|bench|docs|examples|experiments|lib|native|scripts|test)\/[\w./-]*$/;

it.each(pages)("%s names files and folders that exist", (page) => {
  const paths = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] as string);
  const own = paths.filter((path) => named.test(path) && !/[A-Z]{3}/.test(path) && path !== "lib/wasm/modules.js");
  expect(own.filter((path) => ![root, join(root, dirname(page))].some((base) => existsSync(join(base, path))))).toEqual([]);
});

it("the sources name files that exist", () => {
  const sources = filesIn(root, /\.(ts|mts|mjs|cjs|h|cpp|cu|cmake|sh)$|^CMakeLists\.txt$/);
  const paths = sources.flatMap((source) => {
    const text = readFileSync(join(root, source), "utf8");
    return [...text.matchAll(/(?<![\w./-])(?:docs|lib|native|scripts|test)\/[\w./-]+\.(?:ts|h|cpp|cu|mjs|md)\b/g)].map(
      ([path]) => ({ source, path }),
    );
  });
  expect(paths.length).toBeGreaterThan(100);
  const exists = ({ source, path }: (typeof paths)[number]) =>
    [root, join(root, dirname(source))].some((base) => existsSync(join(base, path)));
  expect(paths.filter((named) => !exists(named))).toEqual([]);
});
