// Links and pictures of the documents work in the tarball: to files that it has, and to headings that are there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const root = join(__dirname, "..");
const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
const shipped = ["README.md", "LICENSE", "package.json", ...files.filter((name) => !name.startsWith("!"))];
const left = files.filter((name) => name.startsWith("!")).map((name) => name.slice(1));
const isIn = (path: string, folders: readonly string[]) => folders.some((one) => path === one || path.startsWith(`${one}/`));

const pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)];
const documents = pages.filter((name) => name.endsWith(".md"));

/** A page without its code. */
const textOf = (page: string) => readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```$/gms, "");

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string) =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

it.each(documents)("%s", (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const dead = links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : normalize(join(dirname(page), path)).replace(/\/$/, "");
    if (!existsSync(join(root, target)) || !isIn(target, shipped) || isIn(target, left)) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  expect(dead).toEqual([]);
});
