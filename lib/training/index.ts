export { GradScaler, type ScaledStepOptions } from "./grad-scaler";
export type { GradScalerOptions, GradScalerStateDict } from "./grad-scaler-options";
export { WeightAverage, type WeightAverageOptions, type WeightAverageStateDict } from "./weight-average";
