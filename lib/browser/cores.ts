// One thread is all that WebAssembly has here.
export const usableCores = (): number => 1;
