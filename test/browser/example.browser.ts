// The example page, as Vite and as esbuild build it.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { executablePath, launch, serve } from "../helpers/chromium";
import { temporaryFolder } from "../helpers/folder";

const at = temporaryFolder();
const root = join(__dirname, "..", "..");
const example = join(root, "examples", "browser");

function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", cwd: example });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stdout}${stderr}`);
}

/** The page as a bundler builds it: its folder. */
const builders: Record<string, () => string> = {
  Vite: () => {
    const folder = at("vite");
    run(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--outDir", folder, "--emptyOutDir"]);
    return folder;
  },
  esbuild: () => {
    const folder = at("esbuild");
    mkdirSync(folder, { recursive: true });
    cpSync(join(example, "index.html"), join(folder, "index.html"));
    const core = `--alias:@tensorflow/tfjs-core=${join(example, "node_modules/@tensorflow/tfjs-core")}`;
    const options = ["--bundle", "--minify", "--format=esm", "--log-level=error", core];
    run(join(root, "node_modules/.bin/esbuild"), ["main.js", ...options, `--outfile=${join(folder, "main.js")}`]);
    return folder;
  },
};

interface Finished {
  backend: string;
  tfjs: string;
  runs: { name: string; losses: number[] }[];
}

/** Opens the page and waits for its end. With a path, makes a picture of it. */
async function finish(folder: string, query: string, picture?: string): Promise<Finished> {
  const file = (path: string) => join(folder, path === "/" ? "index.html" : path);
  const read = (path: string) => (existsSync(file(path)) && statSync(file(path)).isFile() ? readFileSync(file(path)) : undefined);
  const { server, url } = await serve(read);
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 800, height: 720 } });
    await page.goto(`${url}/?${query}`);
    await page.waitForFunction("globalThis.finished !== undefined");
    const result = await page.evaluate<Finished>("globalThis.finished");
    if (picture !== undefined) await page.screenshot({ path: picture });
    return result;
  } finally {
    await browser.close();
    server.close();
  }
}

if (executablePath === undefined) {
  process.stderr.write(
    "\nSKIPPED, not passed: the example page, because there is no /usr/bin/chromium (apt-get install chromium)\n",
  );
  it.skip("the example page [no Chromium]", () => undefined);
} else {
  beforeAll(() => run(process.execPath, ["../shared/ready.mjs", "."]));

  it.each(Object.keys(builders))("the page that %s builds trains both networks to the end", async (name) => {
    const folder = (builders[name] as () => string)();
    const picture = process.env["ADABELIEF_PICTURE"] ?? at(`${name}.png`);
    const { backend, tfjs, runs } = await finish(folder, "epochs=60", picture);
    expect({ backend, tfjs }).toEqual({ backend: "wasm", tfjs: "cpu" });
    expect(runs.map((run) => run.name)).toEqual(["AdaBelief", "Adam"]);
    for (const { losses } of runs) {
      expect(losses).toHaveLength(60);
      expect(losses.at(-1) as number).toBeLessThan((losses[0] as number) / 4);
    }
    expect(statSync(picture).size).toBeGreaterThan(10_000);
  });

  it("trains on webgl too", async () => {
    const { tfjs, runs } = await finish((builders["esbuild"] as () => string)(), "epochs=2&backend=webgl");
    expect(tfjs).toBe("webgl");
    for (const { losses } of runs) expect(losses[1] as number).toBeLessThan(losses[0] as number);
  });
}
