/** The front door: the operators, ops and trees of core, the three engines that run everywhere, and layers. */
export * from "@polyad/core";
export { AutoFiniteDiff } from "@polyad/backend-finite-diff";
export { AutoForward } from "@polyad/backend-forward";
export { AutoTape, backward, grad, param, type Param } from "@polyad/backend-tape";
export * from "@polyad/layers";
