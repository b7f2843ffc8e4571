/** The GPU. This release has no CUDA kernels; `reason` says so in words. */
export const cuda = Object.freeze({
  available: false,
  reason: "this build of adabelief has no CUDA",
  devices: Object.freeze([]),
});
