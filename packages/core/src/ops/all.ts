export { isFinite } from "./isFinite.js";
export { isNaN } from "./isNaN.js";
export { logSigmoid } from "./logSigmoid.js";
export { stack } from "./stack.js";
export { takeAlongAxis } from "./takeAlongAxis.js";
export { whereSafe } from "./whereSafe.js";
