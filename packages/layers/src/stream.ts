import { AutodiffError } from "@polyad/core";

type Source<S> = AsyncIterable<S> | Iterable<S>;

/** What is read sample by sample: once, or from the beginning each time if a function makes it. */
export type Stream<S> = Source<S> | (() => Source<S>);

/** A stream from where it stands, or from the beginning. @throws AutodiffError unless a function makes something to iterate. */
export function opened<S>(who: string, stream: Stream<S>): Source<S> {
  if (typeof stream !== "function") return stream;
  const source: unknown = stream();
  if (typeof source === "object" && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source)) return source as Source<S>;
  throw new AutodiffError(`${who}: the function of the data must make something to iterate (async or not), got ${source instanceof Promise ? `a promise. Await it first, or write an async generator, async function* () { … }` : source === null ? "null" : `a ${typeof source}`}.`);
}

/** The items of a source. Once the signal is aborted, an item that is waited for is left, and undefined comes in its place. */
export async function* until<S>(signal: AbortSignal | undefined, source: Source<S>): AsyncGenerator<S | undefined> {
  if (signal === undefined || !(Symbol.asyncIterator in source)) return yield* source;
  const iterator = source[Symbol.asyncIterator]();
  let stop = (): void => {};
  const aborted = new Promise<IteratorResult<undefined>>((resolve) => {
    stop = () => resolve({ value: undefined, done: false });
    signal.addEventListener("abort", stop);
  });
  if (signal.aborted) stop();
  let open = true; // an iterator that ended, or failed, is closed
  try {
    for (;;) {
      open = false;
      const next = Promise.resolve(iterator.next());
      next.catch(() => {}); // where nobody waits for it any more
      const { value, done } = await Promise.race([aborted, next]);
      if (done === true) return;
      open = true;
      yield value;
      if (!signal.aborted) continue;
      // Whether that was the last item is known if the source says so at once.
      open = false;
      const last = Promise.resolve(iterator.next()).then(({ done }) => done === true, () => false);
      if (await Promise.race([last, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 0))])) return;
      open = true;
      return yield undefined;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    if (open) {
      const closed = Promise.resolve(iterator.return?.());
      closed.catch(() => {});
      if (!signal.aborted) await closed; // else it may be after an item that does not come
    }
  }
}
