import {
  add, gradient, hessian, hostDevice, HostTensor, hvp, jacobian, mul, pullback, pushforward, scope, square, sum, Tensor, tensor, valueAndPushforward, type Device, type Shape, type Value,
} from "@polyad/core/extend";
import type { Check } from "../check.js";
import { ensure, expectNumbers, read } from "../compare.js";
import type { Engine } from "../engine.js";
import { numbersOf } from "../tree.js";
