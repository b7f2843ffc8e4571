// The options and the state of a GradScaler, and how they are checked.
import { flag, numberThat, whole, type Kinds } from "../options/kinds";

export interface GradScalerOptions {
  /** The first scale, a float32 above 0. Default 65536. */
  init_scale?: number;
  /** What the scale is multiplied by after `growth_interval` iterations in a row without infinities and NaNs, above 1. Default 2. */
  growth_factor?: number;
  /** What it is multiplied by after an iteration with some, in (0, 1). Default 0.5. */
  backoff_factor?: number;
  /** Iterations, ≥ 1. Default 2000. */
  growth_interval?: number;
  /** With false every method does what it would without a scale: `step` is that of the optimizer, `scale` returns its argument. Default true. */
  enabled?: boolean;
}

/** The state under PyTorch's keys. It survives JSON. That of a scaler that is not enabled is empty. */
export interface GradScalerStateDict {
  scale?: number;
  growth_factor?: number;
  backoff_factor?: number;
  growth_interval?: number;
  _growth_tracker?: number;
}

interface Options {
  init_scale: number;
  growth_factor: number;
  backoff_factor: number;
  growth_interval: number;
  enabled: boolean;
}

/** Below this the reciprocal of a float32 leaves their range. */
export const smallest = 2 ** -126;

export const scaleKind = numberThat(
  (value) => Math.fround(value) >= smallest && Math.fround(value) < Infinity,
  (key, value) => `${key} must be a float32 from 2^-126 on, got ${String(value)}`,
);
const growthFactor = numberThat(
  (value) => value > 1 && value < Infinity,
  (_, value) => `The growth factor must be > 1.0. Got ${String(value)}`,
);
const backoffFactor = numberThat(
  (value) => value > 0 && value < 1,
  (_, value) => `The backoff factor must be < 1.0, and above 0. Got ${String(value)}`,
);

export const kinds: Kinds<Options> = {
  init_scale: scaleKind,
  growth_factor: growthFactor,
  backoff_factor: backoffFactor,
  growth_interval: whole(1),
  enabled: flag,
};

export const savedKinds: Kinds<Required<GradScalerStateDict>> = {
  scale: scaleKind,
  growth_factor: growthFactor,
  backoff_factor: backoffFactor,
  growth_interval: whole(1),
  _growth_tracker: whole(0),
};

export const defaults: Options = {
  init_scale: 65536,
  growth_factor: 2,
  backoff_factor: 0.5,
  growth_interval: 2000,
  enabled: true,
};
