// A save follows symbolic links, also to a file that is not there yet.
import { lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { trained } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";

const at = temporaryFolder();
const save = (path: string, extra?: unknown) => trained().optimizer.saveState(path, { extra });
const load = async (path: string) => (await trained().optimizer.loadState(path)).extra;

const onPosix = process.platform === "win32" ? describe.skip : describe;
if (process.platform === "win32")
  process.stderr.write("\nSKIPPED, not passed: symbolic links, which Windows lets few users make\n");

onPosix("a symbolic link", () => {
  /** Links in a folder, and the file that the path `state` means through them. */
  const chains: [string, Record<string, string>, string][] = [
    ["to a file beside it", { state: "run-1" }, "run-1"],
    ["by an absolute path", { state: "/ABSOLUTE/run-1" }, "run-1"],
    ["into a folder", { state: "runs/1" }, "runs/1"],
    ["to a link", { state: "latest", latest: "runs/1" }, "runs/1"],
    ["through a link to a folder", { state: "now/../1", now: "runs/deep" }, "runs/1"],
    ["from a folder that is a link", { "runs/state": "1", state: "here/state", here: "runs" }, "runs/1"],
  ];

  it.each(chains)("%s: the file is made, the links stay", async (title, links, target) => {
    const folder = at(title);
    mkdirSync(`${folder}/runs/deep`, { recursive: true });
    for (const [name, to] of Object.entries(links)) symlinkSync(to.replace("/ABSOLUTE", folder), `${folder}/${name}`);
    for (const extra of ["first", "second"]) {
      await save(`${folder}/state`, extra);
      expect(lstatSync(`${folder}/${target}`).isFile()).toBe(true);
      expect(await load(`${folder}/state`)).toBe(extra);
    }
    for (const [name, to] of Object.entries(links))
      expect(readlinkSync(`${folder}/${name}`)).toBe(to.replace("/ABSOLUTE", folder));
  });

  it.each([
    ["to itself", { state: "state" }],
    ["to one that leads back", { state: "other", other: "state" }],
    ["to a loop", { state: "first", first: "second", second: "first" }],
  ])("%s is ERR_CHECKPOINT, and stays", async (title, links) => {
    const folder = at(title);
    mkdirSync(folder);
    for (const [name, to] of Object.entries(links)) symlinkSync(to, `${folder}/${name}`);
    await expect(save(`${folder}/state`)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: `${folder}/state: these symbolic links lead to each other, and to no file`,
    });
    expect(readdirSync(folder).sort()).toEqual(Object.keys(links).sort());
  });

  it("to a file in a folder that does not exist is an error, and stays", async () => {
    mkdirSync(at("nowhere"));
    symlinkSync("absent/run", at("nowhere", "state"));
    await expect(save(at("nowhere", "state"))).rejects.toMatchObject({ code: "ENOENT" });
    expect(readdirSync(at("nowhere"))).toEqual(["state"]);
  });
});
