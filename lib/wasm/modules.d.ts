// What scripts/wasm.mjs writes to modules.js: WebAssembly in base64, "" where it was not built.

/** The form that every engine with SIMD runs. */
export const exact: string;
/** The faster form, for engines whose relaxed multiply-add is fused. */
export const relaxed: string;
/** Every list that both languages use, in JSON: known before the module runs. */
export const lists: string;
