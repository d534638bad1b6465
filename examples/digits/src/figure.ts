import { parse, View, type Axis, type GroupMark, type Mark, type Scale } from "vega";
import type { Epoch } from "./study.js";

const [width, height] = [360, 230];
const colors = { steps: "#9db4d3", mean: "#4a6fa5", accuracy: "#d1495b" };
/** Points of the loss in an epoch: more would not be seen. */
const pointsInEpoch = 120;

/** The loss of the steps and the accuracy after each epoch: one picture as SVG, which needs no script to be seen. */
export async function figure(epochs: readonly Epoch[]): Promise<string> {
  const spec = {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: "Training loss and test accuracy over epochs.",
    background: "white",
    padding: 8,
    config: {
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" as const, gridColor: "#ddd", tickColor: "#999", domainColor: "#999" },
      title: { anchor: "start" as const, fontSize: 14, offset: 8 },
      text: { font: "system-ui, sans-serif" },
    },
    data: [
      { name: "steps", values: epochs.flatMap(thinned) },
      { name: "means", values: epochs.map(({ number, loss }) => ({ x: number - 0.5, y: loss })) },
      { name: "accuracies", values: epochs.map(({ number, accuracy }) => ({ x: number, y: accuracy })) },
    ],
    layout: { columns: 2, padding: 84, bounds: "flush" as const },
    marks: [
      panel("Loss of the steps, and mean of each epoch", "cross-entropy", epochs.length, { type: "log", data: "steps", format: "~g" }, [
        line("steps", colors.steps, 1),
        line("means", colors.mean, 1.8),
        points("means", colors.mean),
      ]),
      panel("Accuracy on the test images", "read correctly", epochs.length, { type: "linear", data: "accuracies", format: ".1%" }, [
        line("accuracies", colors.accuracy, 1.8),
        points("accuracies", colors.accuracy),
      ]),
    ],
  };
  return await new View(parse(spec), { renderer: "none" }).toSVG();
}

/** Where a logarithmic axis has its lines. */
const decades = Array.from({ length: 25 }, (_, k) => 10 ** (k - 12));

/** Means of neighbouring steps, at their place in the epoch; a logarithmic axis has no place for 0. */
function thinned({ number, losses }: Epoch): { readonly x: number; readonly y: number }[] {
  const every = Math.ceil(losses.length / pointsInEpoch);
  return Array.from({ length: Math.ceil(losses.length / every) }, (_, i) => {
    const near = losses.slice(i * every, (i + 1) * every);
    return { x: number - 1 + (i * every + near.length / 2) / losses.length, y: Math.max(1e-12, near.reduce((sum, loss) => sum + loss, 0) / near.length) };
  });
}

interface Vertical {
  readonly type: "log" | "linear";
  readonly data: string;
  readonly format: string;
}

function panel(title: string, yTitle: string, epochs: number, y: Vertical, marks: Mark[]): GroupMark {
  const scales: Scale[] = [
    { name: "x", type: "linear", domain: [0, epochs], range: [0, width], zero: false, nice: false },
    y.type === "log"
      ? { name: "y", type: "log", domain: { data: y.data, field: "y" }, range: [height, 0], nice: true }
      : { name: "y", type: "linear", domain: { data: y.data, field: "y" }, range: [height, 0], zero: false, nice: true },
  ];
  const axes: Axis[] = [
    { orient: "bottom", scale: "x", title: "epoch", format: "d", tickCount: Math.min(10, epochs), tickMinStep: 1, grid: true, gridScale: "y" },
    { orient: "left", scale: "y", title: yTitle, format: y.format, tickCount: 6, ...(y.type === "log" ? { values: decades } : {}), grid: true, gridScale: "x", minExtent: 42 },
  ];
  return { type: "group", title: { text: title, frame: "group" }, encode: { enter: { width: { value: width }, height: { value: height } } }, scales, axes, marks };
}

function line(data: string, color: string, strokeWidth: number): Mark {
  return { type: "line", from: { data }, encode: { enter: { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" }, stroke: { value: color }, strokeWidth: { value: strokeWidth } } } };
}

function points(data: string, color: string): Mark {
  return { type: "symbol", from: { data }, encode: { enter: { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" }, fill: { value: color }, size: { value: 45 } } } };
}
