import { epochSteps } from "../data.mjs";
import digits from "./digits.mjs";

/** The same for whole epochs of 468 different batches, after one to warm up. */
export default {
  ...digits,
  name: "digitsEpoch",
  task: "digits",
  title: "An epoch of training on MNIST: 468 batches of 128 in the same order, after one to warm up",
  calls: epochSteps,
  rounds: 3,
};
