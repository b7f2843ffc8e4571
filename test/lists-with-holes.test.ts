import {
  Adam,
  ChainedScheduler,
  CyclicLR,
  encodeSafetensors,
  ExponentialLR,
  MultiStepLR,
  OneCycleLR,
  parameter,
  ReduceLROnPlateau,
  SequentialLR,
  SWALR,
} from "../lib";
import { thrownBy } from "./helpers/snapshot";

const make = () =>
  new Adam([{ params: [parameter(Float32Array.of(1))] }, { params: [parameter(Float32Array.of(1))] }], { lr: 1 });
const holes = <T>(length: number, rest: Record<number, T> = {}): T[] => Object.assign(new Array<T>(length), rest);

describe("a list with a hole is refused, and changes no lr", () => {
  it.each<[string, (optimizer: Adam) => unknown, string]>([
    ["base_lr of CyclicLR", (o) => new CyclicLR(o, { base_lr: holes(2), max_lr: 1 }), "ERR_INVALID_OPTION"],
    ["max_lr of CyclicLR", (o) => new CyclicLR(o, { base_lr: 0.1, max_lr: holes(2, { 0: 1 }) }), "ERR_INVALID_OPTION"],
    ["max_lr of OneCycleLR", (o) => new OneCycleLR(o, { max_lr: holes(2, { 1: 1 }), total_steps: 9 }), "ERR_INVALID_OPTION"],
    ["swa_lr of SWALR", (o) => new SWALR(o, { swa_lr: holes(2) }), "ERR_INVALID_OPTION"],
    ["min_lr of ReduceLROnPlateau", (o) => new ReduceLROnPlateau(o, { min_lr: holes(2) }), "ERR_INVALID_OPTION"],
    ["milestones of MultiStepLR", (o) => new MultiStepLR(o, { milestones: holes(2) }), "ERR_INVALID_OPTION"],
    ["schedulers of ChainedScheduler", (o) => new ChainedScheduler(o, { schedulers: holes(2) }), "ERR_INVALID_OPTION"],
    [
      "milestones of SequentialLR",
      (o) => {
        const schedulers = [1, 2, 3].map(() => new ExponentialLR(o, { gamma: 1 }));
        return new SequentialLR(o, { schedulers, milestones: holes(2) });
      },
      "ERR_INVALID_OPTION",
    ],
    ["a shape", () => encodeSafetensors({ a: { data: Float32Array.of(1), shape: holes(3) } }), "ERR_SAFETENSORS"],
    [
      "params of a dict",
      (o) => {
        const saved = o.stateDict();
        o.loadStateDict({ ...saved, param_groups: saved.param_groups.map((group) => ({ ...group, params: holes(1) })) });
      },
      "ERR_STATE_DICT",
    ],
  ])("%s", (_, act, code) => {
    const optimizer = make();
    expect(thrownBy(() => act(optimizer)).code).toBe(code);
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([1, 1]);
  });
});
