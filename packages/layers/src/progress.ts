/** Where progress is written: a stream of Node's, or anything that takes text. */
export interface ProgressStream {
  write(text: string): unknown;
  /** Whether it is a terminal, where a bar can be redrawn. */
  readonly isTTY?: boolean;
}

/** How far training is. */
export interface ProgressPoint {
  /** Counted from 0. */
  readonly epoch: number;
  /** Of how many that will have been run in the end. */
  readonly epochs: number;
  /** Items of this epoch that are done. */
  readonly items: number;
  /** Items in an epoch, where that is known. */
  readonly total: number | null;
  /** Mean loss of this epoch so far. */
  readonly loss: number;
}

/** Shows progress; nothing of training depends on it. */
export interface Progress {
  step(point: ProgressPoint): void;
  epoch(point: ProgressPoint): void;
  stop(): void;
}

/** Progress on a stream, standard error unless one is given; null where there is none, as in a browser. */
export async function progressOn(to: boolean | ProgressStream): Promise<Progress | null> {
  const { process } = globalThis as { readonly process?: { readonly stderr?: ProgressStream } };
  const stream = to === true ? process?.stderr : to === false ? undefined : to;
  if (stream === undefined) return null;
  return stream.isTTY === true ? bar(stream) : lines(stream);
}

/** What is used of cli-progress, whose own types would bring Node's into this package. */
interface Bars {
  readonly SingleBar: new (options: object) => Bar;
}
interface Bar {
  start(total: number, value: number, payload: object): void;
  setTotal(total: number): void;
  update(value: number, payload: object): void;
  stop(): void;
}

/** A bar for each epoch, which stays when the next begins. The library is loaded for terminals only: it needs Node. */
async function bar(stream: ProgressStream): Promise<Progress> {
  const { default: library }: { readonly default: Bars } = await import("cli-progress" as string);
  const options = { stream, hideCursor: true, etaBuffer: 50, format: "{title} [{bar}] {value}/{total} | {seconds} | loss {loss}" };
  let current: Bar | null = null;
  let began = 0;
  const show = (point: ProgressPoint, total: number): void => {
    const payload = { title: title(point), loss: number(point.loss), seconds: seconds(began) };
    if (current === null) {
      began = performance.now();
      current = new library.SingleBar(options);
      current.start(total, point.items, { ...payload, seconds: seconds(began) });
    } else {
      current.setTotal(total);
      current.update(point.items, payload);
    }
  };
  const stop = (): void => {
    current?.stop();
    current = null;
  };
  return {
    step: (point) => show(point, point.total ?? point.items + 1),
    epoch: (point) => {
      show(point, point.items);
      stop();
    },
    stop,
  };
}

/** A line for each epoch, for files and pipes. */
function lines(stream: ProgressStream): Progress {
  let began = performance.now();
  return {
    step: () => {},
    epoch: (point) => {
      stream.write(`${title(point)}: ${point.items} steps in ${seconds(began)}, loss ${number(point.loss)}\n`);
      began = performance.now();
    },
    stop: () => {},
  };
}

function title({ epoch, epochs }: ProgressPoint): string {
  return `epoch ${epoch + 1}${Number.isFinite(epochs) ? `/${epochs}` : ""}`;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function number(x: number): string {
  return x.toPrecision(4);
}
