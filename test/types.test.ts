// The types, as a user's compiler sees them: the compiled declarations under `strict`.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(__dirname, "..");
const scratch = join(root, "test", "types", "documents");
const documents = ["README.md", "docs/api.md", "docs/options.md", "docs/schedules.md"];
const uses = ["right.ts", "wrong.ts"].map((name) => join(__dirname, "types", name));

/** Writes every `ts` block of a document into a file of its own. */
function writeBlocks(document: string): string[] {
  const blocks = [...readFileSync(join(root, document), "utf8").matchAll(/^```ts\n(.*?)^```/gms)];
  return blocks.map(([, code], k) => {
    const file = join(scratch, `${document.replaceAll(/\W/g, "_")}_${k}.mts`);
    writeFileSync(file, `${code}\nexport {};\n`);
    return file;
  });
}

let program: ts.Program;
const blocksOf = new Map<string, string[]>();

beforeAll(() => {
  mkdirSync(scratch, { recursive: true });
  for (const document of documents) blocksOf.set(document, writeBlocks(document));
  program = ts.createProgram([...uses, ...[...blocksOf.values()].flat()], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ["node"],
    typeRoots: [join(root, "node_modules", "@types")],
  });
}, 60_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What the compiler says of a file. */
function complaints(file: string): string[] {
  const source = program.getSourceFile(file);
  return ts.getPreEmitDiagnostics(program, source).map(({ start, messageText }) => {
    const line = source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
    return `${file}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

describe("the types", () => {
  it("let common uses compile", () => expect(complaints(uses[0] as string)).toEqual([]));
  it("catch common mistakes", () => expect(complaints(uses[1] as string)).toEqual([]));
});

describe("the code of the documents compiles", () => {
  it.each(documents)("%s", (document) => {
    const blocks = blocksOf.get(document) as string[];
    expect(blocks.length).toBeGreaterThan(0);
    for (const file of blocks) expect(complaints(file)).toEqual([]);
  });
});
