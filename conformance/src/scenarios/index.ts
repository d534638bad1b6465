import type { Check } from "../check.js";
import { closing, inFloat32, withConstant, type Problem } from "../problem.js";
import { scenariosOf } from "../scenario.js";
import { activities } from "./activity.js";
import { arrays, polynomial } from "./arrays.js";
import { broadcastOps } from "./batches.js";
import { composites } from "./composites.js";
import { contract } from "./contract.js";
import { curvedOps } from "./curved.js";
import { customRules } from "./customRules.js";
import { devices } from "./devices.js";
import { factors } from "./factors.js";
import { infiniteSlopes } from "./infinite.js";
import { largeArguments } from "./large.js";
import { linearOps } from "./linear.js";
import { numbers } from "./numbers.js";
import { pointwiseScenarios } from "./pointwise.js";
import { kernelSizes } from "./sizes.js";
import { thirdOrder } from "./thirdOrder.js";
import { trees } from "./trees.js";
import { windowProblems } from "./windows.js";

const one = polynomial("one number in a vector", new Float64Array([0.75]));
const varied: readonly Problem[] = [numbers[0]!, arrays[0]!, arrays[3]!, arrays[11]!, arrays[18]!];

/** Functions with closed-form derivatives, from numbers, arrays and trees to the same. */
export const problems: readonly Problem[] = [
  ...numbers,
  one,
  ...arrays,
  ...trees,
  ...linearOps,
  ...curvedOps,
  ...composites,
  ...factors,
  ...windowProblems,
  ...broadcastOps,
  ...largeArguments,
  ...customRules,
  ...arrays.map(inFloat32),
  ...varied.flatMap((p) => [withConstant(p), closing(p)]),
  ...varied.slice(1).flatMap((p) => [inFloat32(withConstant(p)), inFloat32(closing(p))]),
];

/** Every operator on every problem, and every elementwise function at its kinks. */
export const scenarios: readonly Check[] = [...problems.flatMap(scenariosOf), ...activities, ...devices, ...pointwiseScenarios, ...infiniteSlopes, ...thirdOrder, ...kernelSizes, ...contract];
