// Sums of `count` numbers from RAW on, in float64 and eight at a time: eight running sums hide the
// latency of an addition and grow the rounding error an eighth as fast as one would.

import { RAW } from "./layout";

@inline
function laneSum(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Two numbers as float64. */
@inline
function pair<T>(at: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(at);
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

@inline
function sum<T>(count: i32): f64 {
  const two = 2 * sizeof<T>();
  const end = RAW + <usize>count * sizeof<T>();
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let at = RAW;
  for (; at + 4 * two <= end; at += 4 * two) {
    s0 = f64x2.add(s0, pair<T>(at));
    s1 = f64x2.add(s1, pair<T>(at + two));
    s2 = f64x2.add(s2, pair<T>(at + 2 * two));
    s3 = f64x2.add(s3, pair<T>(at + 3 * two));
  }
  let total = laneSum(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (; at < end; at += sizeof<T>()) total += <f64>load<T>(at);
  return total;
}

export function sum32(count: i32): f64 {
  return sum<f32>(count);
}

export function sum64(count: i32): f64 {
  return sum<f64>(count);
}
