// A save replaces one file and leaves no other behind.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fails, trained } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";
import { itOnPosix } from "./helpers/posix";
import { resultOf, runScript } from "./helpers/script";

const at = temporaryFolder();
const folderFor = (name: string) => (mkdirSync(at(name)), (...names: string[]) => at(name, ...names));
const save = (path: string, extra?: unknown) => trained().optimizer.saveState(path, { extra });
const load = async (path: string) => (await trained().optimizer.loadState(path)).extra;

describe("a save", () => {
  it("leaves nothing but its file", async () => {
    const inFolder = folderFor("alone");
    for (let i = 0; i < 3; ++i) await save(inFolder("state"), i);
    expect(readdirSync(inFolder())).toEqual(["state"]);
  });

  itOnPosix("links and permissions", "follows a link, and keeps the file's permissions", async () => {
    const inFolder = folderFor("links");
    await save(inFolder("run-7"), "old");
    chmodSync(inFolder("run-7"), 0o666);
    symlinkSync("run-7", inFolder("latest"));
    await save(inFolder("latest"), "new");
    expect(await load(inFolder("run-7"))).toBe("new");
    expect(statSync(inFolder("run-7")).mode & 0o777).toBe(0o666);
    expect(readdirSync(inFolder())).toEqual(["latest", "run-7"]);
  });

  itOnPosix("limits on the size of files", "removes its temporary file after an error, and the old one stays whole", async () => {
    const inFolder = folderFor("full");
    await save(inFolder("state"), "old");
    // A limit on the size of files stands for a full disk.
    const code = `
      const { AdaBelief, parameter } = require(${JSON.stringify(process.cwd())});
      process.on("SIGXFSZ", () => {});
      new AdaBelief([parameter(new Float32Array(1e6))])
        .saveState(${JSON.stringify(inFolder("state"))}, { parameters: true })
        .catch((error) => console.log(error.code));`;
    const { stdout } = spawnSync("sh", ["-c", 'ulimit -f 1000; exec "$0" --eval "$1"', process.execPath, code], {
      encoding: "utf8",
    });
    expect(stdout).toBe("EFBIG\n");
    expect(readdirSync(inFolder())).toEqual(["state"]);
    expect(await load(inFolder("state"))).toBe("old");
  });

  it("goes where its path pointed when it was called", () => {
    const inFolder = folderFor("relative");
    const code = `
      process.chdir(${JSON.stringify(inFolder())});
      const optimizer = new adabelief.AdaBelief([adabelief.parameter(new Float32Array(1))]);
      const saving = optimizer.saveState("state");
      process.chdir("/");
      saving.then(() => console.log("[]"));`;
    expect(resultOf(code)).toEqual([]);
    expect(readdirSync(inFolder())).toEqual(["state"]);
  });

  itOnPosix("/dev/null", "never replaces what is no regular file", async () => {
    const inFolder = folderFor("not files");
    mkdirSync(inFolder("folder"));
    for (const path of [inFolder("folder"), "/dev/null"]) {
      const error = await fails(save(path));
      expect(error).toMatchObject({ code: "ERR_CHECKPOINT", message: `${path}: not a regular file` });
    }
    expect(readdirSync(inFolder())).toEqual(["folder"]);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("the temporary file of a save that was killed", () => {
  /** Kills a process in the middle of its first save; returns the name of what it left. */
  const leftBehind = (path: string) => {
    const before = readdirSync(at()).length;
    const code = `
      const { readdirSync } = require("node:fs");
      const optimizer = new adabelief.AdaBelief([adabelief.parameter(new Float32Array(3e7))]);
      const started = () => readdirSync(${JSON.stringify(at())}).some((name) => name.endsWith(".tmp"));
      setInterval(() => started() && process.kill(process.pid, "SIGKILL"), 1);
      optimizer.saveState(${JSON.stringify(path)}, { parameters: true });`;
    expect(runScript(code).signal).toBe("SIGKILL");
    const names = readdirSync(at()).filter((name) => name.endsWith(".tmp"));
    expect(readdirSync(at())).toHaveLength(before + 1);
    expect(names).toHaveLength(1);
    return names[0] as string;
  };

  itOnPosix("signals that kill", "is removed by the next save of that file, and by no other's", async () => {
    const name = leftBehind(at("killed"));
    await save(at("another"));
    expect(readdirSync(at())).toContain(name);
    await save(at("killed"));
    expect(readdirSync(at()).filter((one) => one.endsWith(".tmp"))).toEqual([]);
  });

  itOnPosix("signals that kill", "stays while its process lives, unless nobody has written to it for an hour", async () => {
    const inFolder = folderFor("living");
    const dead = leftBehind(at("state"));
    const living = dead.replace(/-\d+-/, `-${process.pid}-`);
    const bytes = readFileSync(at(dead)).subarray(0, 10);
    await save(at("state"));
    writeFileSync(inFolder(living), bytes);
    await save(inFolder("state"));
    expect(readdirSync(inFolder())).toEqual([basename(living), "state"]);
    const hourAgo = Date.now() / 1000 - 3601;
    utimesSync(inFolder(living), hourAgo, hourAgo);
    await save(inFolder("state"));
    expect(readdirSync(inFolder())).toEqual(["state"]);
  });
});
