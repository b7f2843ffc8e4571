// What cannot be loaded or saved is refused with a code and a reason, and nothing changes.
import { mkdirSync, writeFileSync } from "node:fs";
import { AdaBelief, parameter, type Parameter } from "../lib";
import { fails, trained } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";
import { itOnPosix } from "./helpers/posix";
import { resultOf } from "./helpers/script";
import { snapshot } from "./helpers/snapshot";

const at = temporaryFolder();

describe("a checkpoint is refused, and nothing changes,", () => {
  const expectRefusal = async (path: string, wanted: RegExp, of = trained(), options = {}) => {
    const before = snapshot(of.optimizer, of.parameters);
    const error = await fails(of.optimizer.loadState(path, options));
    expect(error).toMatchObject({ code: "ERR_CHECKPOINT" });
    expect(error.message.startsWith(`${path}: `)).toBe(true);
    expect(error.message).toMatch(wanted);
    expect(snapshot(of.optimizer, of.parameters)).toEqual(before);
    of.optimizer.step();
  };

  it("where it is another version's", async () => {
    const other = new AdaBelief([parameter(new Float32Array(1))]);
    await other.saveState(at("version"));
    await expectRefusal(at("version"), /belongs to version "0\.0\.5".*not to 0\.2\.1/);
  });

  it("where it has other groups", async () => {
    const parameters = [1, 5, 12].map((length) => parameter(new Float32Array(length)));
    await new AdaBelief(parameters, { version: "0.2.1" }).saveState(at("other groups"));
    await expectRefusal(at("other groups"), /different number of parameter groups/);
  });

  it("where a parameter has another length", async () => {
    const { optimizer } = trained();
    await optimizer.saveState(at("length"), { parameters: true });
    const parameters = [1, 6, 12].map((length) => parameter(new Float32Array(length)));
    const other = new AdaBelief([{ params: parameters.slice(0, 2) }, { params: parameters.slice(2) }], { version: "0.2.1" });
    await expectRefusal(at("length"), /"param\.1" has shape \[5\], and Parameter 1 has \[6\]/, { optimizer: other, parameters });
  });

  it("where a moment that the saved options need is missing", async () => {
    const { optimizer } = trained();
    (optimizer.paramGroups[1] as { amsgrad: boolean }).amsgrad = true;
    await optimizer.saveState(at("moment"));
    await expectRefusal(at("moment"), /its state has no max_exp_avg_var/);
  });

  it("where it is no safetensors file", async () => {
    writeFileSync(at("text"), "epoch,loss\n1,0.5\n");
    await expectRefusal(at("text"), /not a safetensors file/);
    writeFileSync(at("empty"), "");
    await expectRefusal(at("empty"), /not a safetensors file: it has 0 bytes/);
  });

  itOnPosix("pipes and devices", "where it is no file at all", async () => {
    mkdirSync(at("folder"));
    await expectRefusal(at("folder"), /not a regular file/);
    await expectRefusal("/dev/zero", /not a regular file/);
    resultOf(`console.log(require("node:child_process").spawnSync("mkfifo", [${JSON.stringify(at("pipe"))}]).status)`);
    await expectRefusal(at("pipe"), /not a regular file/);
  });
});

describe("errors that are not the file's", () => {
  it("pass as they are: a file that is not there", async () => {
    const { optimizer } = trained();
    expect(await fails(optimizer.loadState(at("nowhere")))).toMatchObject({ code: "ENOENT" });
    expect(await fails(optimizer.saveState(at("no", "folder", "here")))).toMatchObject({ code: "ENOENT" });
    for (const path of ["no/folder/here", at("no", "folder", "here")]) {
      for (const error of [await fails(optimizer.saveState(path)), await fails(optimizer.loadState(path))]) {
        expect(error).toMatchObject({ code: "ENOENT", path, message: `ENOENT: no such file or directory, open '${path}'` });
      }
    }
    optimizer.step();
  });

  it("pass as they are: an invalid option", async () => {
    const { optimizer } = trained();
    await optimizer.saveState(at("good"));
    (optimizer.paramGroups[0]?.betas as number[])[1] = 1;
    expect(await fails(optimizer.loadState(at("good")))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(await fails(optimizer.saveState(at("good")))).toMatchObject({ code: "ERR_INVALID_OPTION" });
  });

  it("pass as they are: values whose memory is gone", async () => {
    const { optimizer, parameters } = trained();
    await optimizer.saveState(at("gone"), { parameters: true });
    (parameters[0] as Parameter).data = structuredClone(new Float32Array(1));
    const gone = (parameters[2] as Parameter).data;
    structuredClone(gone, { transfer: [gone.buffer as ArrayBuffer] });
    const steps = optimizer.state.get(parameters[0] as Parameter)?.step;
    for (const group of optimizer.paramGroups) group.lr = 5;
    expect(await fails(optimizer.loadState(at("gone"), { parameters: true }))).toMatchObject({ code: "ERR_DETACHED" });
    expect((parameters[0] as Parameter).data[0]).toBe(0);
    expect(optimizer.paramGroups[0]?.lr).toBe(5);
    expect(optimizer.state.get(parameters[0] as Parameter)?.step).toBe(steps);
    expect(await fails(optimizer.saveState(at("gone"), { parameters: true }))).toMatchObject({ code: "ERR_DETACHED" });
  });

  it.each<[string, unknown, unknown]>([
    ["a path", 5, {}],
    ["an option", "x", { parameter: true }],
    ["true or false", "x", { parameters: 1 }],
    ["options", "x", null],
  ])("name what is not %s", async (_, path, options) => {
    const { optimizer } = trained();
    for (const act of ["saveState", "loadState"] as const) {
      const error = await fails(optimizer[act](path as string, options as object));
      expect(error.code).toMatch(/ERR_(INVALID|UNKNOWN)_OPTION/);
    }
  });
});
