/**
 * x itself: the activation of a layer that has none.
 *
 * @example
 * identity(5) // 5
 */
export function identity<T>(x: T): T {
  return x;
}
