// Every line marked "error" must fail typescript/strict-boolean-expressions, no other.
import type { Tensor, Value } from "../../packages/core/src/tensor.js";

export const conditions = {
  value: (x: Value) => (x ? 1 : 0), // error
  tensor: (x: Tensor) => (x ? 1 : 0), // error
  negation: (x: Value) => !x, // error
  number: (x: number) => (x ? 1 : 0), // error
  operand: (flag: boolean, x: Value) => (flag && x ? 1 : 0), // error
  optional: (x?: Value) => (x ? 1 : 0), // error
  loop(x: Tensor) {
    while (x) return 1; // error
    return 0;
  },
  statement(x: Value) {
    if (x) return 1; // error
    return 0;
  },
  flag: (flag: boolean) => (flag ? 1 : 0),
  present: (x?: Tensor) => (x ? 1 : 0),
  comparison: (n: number) => (n > 0 ? 1 : 0),
};
