// Under Node's permission model the package loads, says which flag is missing, and saves durably, again and again.
import { chmodSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import { temporaryFolder } from "./helpers/folder";
import { runRestricted } from "./helpers/permission";

const at = temporaryFolder();
const native = { ADABELIEF_BACKEND: "native" };

describe("loading", () => {
  it("needs to read no folder but the package's", () => {
    const { status, stdout, stderr } = runRestricted(`console.log(adabelief.cpu.backend !== "wasm", process.env.LIBC)`, {
      env: native,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "true undefined\n", stderr: "" });
  });

  it("names --allow-addons where it is missing, and no compiler", () => {
    const { status, stderr } = runRestricted("", { addons: false, env: native });
    expect(status).toBe(1);
    expect(stderr).toContain("ERR_NO_BINARY");
    expect(stderr).toContain("start Node with --allow-addons");
    expect(stderr).not.toContain("compiler");
  });
});

describe("saving", () => {
  const folder = at("states");
  const save = (path: string, value: number) => `
    await new adabelief.AdaBelief([adabelief.parameter(new Float32Array(1e5).fill(${value}))])
      .saveState(${JSON.stringify(path)}, { parameters: true, extra: ${value} });`;
  const allowed = { read: [process.cwd(), folder], write: [folder] };

  beforeAll(() => mkdirSync(folder));

  it("works twice to one path, which keeps its permissions, and the file loads", () => {
    const path = at("states", "model");
    const first = runRestricted(`(async () => {${save(path, 1)}})()`, allowed);
    expect(first).toEqual({ status: 0, stdout: "", stderr: "" });
    chmodSync(path, 0o666);
    const code = `(async () => {${save(path, 2)}${save(path, 3)}
      const p = adabelief.parameter(new Float32Array(1e5));
      const { extra } = await new adabelief.AdaBelief([p]).loadState(${JSON.stringify(path)}, { parameters: true });
      console.log(extra, p.data[99999]);
    })()`;
    expect(runRestricted(code, allowed)).toEqual({ status: 0, stdout: "3 3\n", stderr: "" });
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o666);
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  it("leaves nothing behind where it fails, as where the folder may be written and not read", () => {
    const path = at("states", "unread");
    const code = `(async () => {
      const optimizer = new adabelief.AdaBelief([adabelief.parameter(new Float32Array(10))]);
      for (let k = 0; k < 3; ++k) {
        await optimizer.saveState(${JSON.stringify(path)}).then(() => console.log("saved"), ({ code }) => console.log(code));
      }
    })()`;
    const before = readdirSync(folder);
    const { status, stdout, stderr } = runRestricted(code, { read: [process.cwd()], write: [folder] });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe("ERR_ACCESS_DENIED\n".repeat(3));
    expect(readdirSync(folder)).toEqual(before);
  });

  const posix = process.platform === "win32" ? it.skip : it;
  posix("flushes the values, the name after them, and writes nothing that is not flushed", () => {
    const path = at("states", "flushed");
    // What reaches the disk, in order: files opened so that every write is flushed, flushes, and the renaming.
    const code = `
      const fs = require("node:fs/promises");
      const { open, rename } = fs;
      const events = [];
      fs.rename = async (...names) => { await rename(...names); events.push("rename"); };
      fs.open = async (name, flags, mode) => {
        const file = await open(name, flags, mode);
        const synchronous = typeof flags === "number" && (flags & ${constants.O_SYNC}) === ${constants.O_SYNC};
        const kind = name.endsWith(".tmp") ? "values" : "name";
        if (synchronous) events.push(kind);
        const sync = file.sync.bind(file);
        file.sync = async () => { await sync(); events.push(kind); };
        return file;
      };
      (async () => {${save(path, 1)}
        console.log([...new Set(events)].join(" "));
      })()`;
    expect(runRestricted(code, allowed)).toEqual({ status: 0, stdout: "values rename name\n", stderr: "" });
  });
});
