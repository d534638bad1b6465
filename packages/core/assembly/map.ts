// Maps over float32 in place: `count` numbers from RAW on, through float64. They go by eights, whose four
// pairs the processor works on side by side, and so may run on into numbers that nobody reads.

import { Cos, Exp, Expm1, Log, Log1p, SechSquared, Sigmoid, Sin, Softplus, Tanh } from "./elementary";
import { RAW } from "./layout";

/** f of four numbers. F is an empty class with a method `at`: a function that the compiler can inline. */
@inline
function four<F>(x: v128): v128 {
  const f = changetype<F>(0);
  const low = f.at(f64x2.promote_low_f32x4(x));
  const high = f.at(f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1)));
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

@inline
function map<F>(count: i32): void {
  const end: usize = RAW + count * 4;
  for (let at: usize = RAW; at < end; at += 32) {
    const x = v128.load(at);
    const y = v128.load(at, 16);
    const fx = four<F>(x);
    const fy = four<F>(y); // before the store, so that both read each constant once
    v128.store(at, fx);
    v128.store(at, fy, 16);
  }
}

/** The same for a function that holds for low < x < high only; returns whether all numbers were there. */
@inline
function mapWithin<F>(count: i32, low: f32, high: f32): bool {
  const end: usize = RAW + count * 4;
  let inside = i32x4.splat(-1);
  for (let at: usize = RAW; at < end; at += 32) {
    const x = v128.load(at);
    const y = v128.load(at, 16);
    const above = v128.and(f32x4.gt(x, f32x4.splat(low)), f32x4.gt(y, f32x4.splat(low)));
    const below = v128.and(f32x4.lt(x, f32x4.splat(high)), f32x4.lt(y, f32x4.splat(high)));
    inside = v128.and(inside, v128.and(above, below));
    const fx = four<F>(x);
    const fy = four<F>(y); // before the store, so that both read each constant once
    v128.store(at, fx);
    v128.store(at, fy, 16);
  }
  return i32x4.all_true(inside);
}

export function exp32(count: i32): void {
  map<Exp>(count);
}

export function expm132(count: i32): void {
  map<Expm1>(count);
}

export function tanh32(count: i32): void {
  map<Tanh>(count);
}

export function sigmoid32(count: i32): void {
  map<Sigmoid>(count);
}

export function sechSquared32(count: i32): void {
  map<SechSquared>(count);
}

export function softplus32(count: i32): void {
  map<Softplus>(count);
}

export function log32(count: i32, low: f32, high: f32): bool {
  return mapWithin<Log>(count, low, high);
}

export function log1p32(count: i32, low: f32, high: f32): bool {
  return mapWithin<Log1p>(count, low, high);
}

export function sin32(count: i32, low: f32, high: f32): bool {
  return mapWithin<Sin>(count, low, high);
}

export function cos32(count: i32, low: f32, high: f32): bool {
  return mapWithin<Cos>(count, low, high);
}
