export type { CudaDevice } from "./addon";
export { ready } from "./load";
