export * from "./binary.js";
export { crossEntropy, focal, klDivergence, labelSmoothing, logitCrossEntropy, type LabelSmoothingOptions } from "./classes.js";
export type { EpsOptions, LossFunction, LossOptions } from "./loss.js";
export * from "./margin.js";
export * from "./overlap.js";
export * from "./regression.js";
export { xlogy } from "./xlogy.js";
