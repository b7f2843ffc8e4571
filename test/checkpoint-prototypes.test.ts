// Names in a file become keys of objects. None of them reaches a prototype.
import { Adam, parameter } from "../lib";
import { fails } from "./helpers/checkpoint";
import { headerBytes } from "./helpers/safetensors";

interface Header {
  __metadata__: Record<string, string>;
  [tensor: string]: unknown;
}

const make = () => new Adam([parameter(Float32Array.of(1, 2), { grad: Float32Array.of(0.1, 0.2) })]);

/** A checkpoint whose parameter has another id, and whose tensors say so. */
function bytesWith(id: string, key = "step"): Uint8Array {
  const optimizer = make();
  optimizer.step();
  const whole = Buffer.from(optimizer.encodeState());
  const start = 8 + Number(whole.readBigUInt64LE(0));
  const { crc32: _, ...header } = JSON.parse(whole.toString("utf8", 8, start)) as Header;
  const renamed = Object.entries(header).map(([name, value]) => [
    name.replace("state.0.step", `state.${id}.${key}`).replace("state.0.", `state.${id}.`),
    value,
  ]);
  const changed = Object.fromEntries(renamed) as Header;
  const { state_dict = "" } = changed.__metadata__;
  changed.__metadata__["state_dict"] = state_dict.replace('"params":[0]', `"params":[${JSON.stringify(id)}]`);
  return new Uint8Array(Buffer.concat([headerBytes(JSON.stringify(changed)), whole.subarray(start, -4)]));
}

describe("a checkpoint that names", () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  afterEach(() => expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before));

  it.each([
    ["__proto__", "weight_decay"],
    ["constructor", "assign"],
    ["toString", "call"],
    ["0", "__proto__"],
    ["-1", "step"],
  ])("parameter %s with the key %s is refused, and changes nothing", async (id, key) => {
    const optimizer = make();
    expect((await fails(optimizer.loadState(bytesWith(id, key)))).code).toBe("ERR_CHECKPOINT");
    expect(make().paramGroups[0]?.weight_decay).toBe(0);
    expect(optimizer.stateDict().state).toEqual({});
  });

  it("another number is loaded", async () => {
    const optimizer = make();
    await optimizer.loadState(bytesWith("7"));
    expect(optimizer.stateDict().state["0"]?.["step"]).toBe(1);
  });
});
