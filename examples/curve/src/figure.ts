import { parse, View, type Axis, type Mark, type Scale } from "vega";
import { fitted, points, truth, type Network } from "./study.js";

const [width, height] = [640, 400];
const colors = { curve: "#2f2f2f", points: "#d1495b" };
const legendNames = ["2x − x³", "fitted points"];

/** The true curve, and what the network makes of the points: one picture as SVG, which needs no script to be seen. */
export async function figure(model: Network): Promise<string> {
  const [first, last] = [points[0]!, points.at(-1)!];
  const grid = Array.from({ length: 401 }, (_, i) => first + ((last - first) * i) / 400);
  const scales: Scale[] = [
    { name: "x", type: "linear", domain: [first, last], range: [0, width], zero: false, nice: false },
    { name: "y", type: "linear", domain: { fields: [{ data: "curve", field: "y" }, { data: "points", field: "y" }] }, range: [height, 0], nice: true },
    { name: "key", type: "ordinal", domain: legendNames, range: [colors.curve, colors.points] },
  ];
  const axes: Axis[] = [
    { orient: "bottom", scale: "x", title: "x", tickCount: 9, grid: true, gridScale: "y" },
    { orient: "left", scale: "y", title: "y", tickCount: 9, grid: true, gridScale: "x" },
  ];
  const at = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" } };
  const marks: Mark[] = [
    { type: "line", from: { data: "curve" }, encode: { enter: { ...at, stroke: { value: colors.curve }, strokeWidth: { value: 1.8 } } } },
    { type: "symbol", from: { data: "points" }, encode: { enter: { ...at, fill: { value: colors.points }, fillOpacity: { value: 0.85 }, size: { value: 42 } } } },
  ];
  const symbols = {
    shape: { signal: `datum.value === '${legendNames[0]}' ? 'stroke' : 'circle'` },
    fill: { signal: `datum.value === '${legendNames[0]}' ? 'transparent' : '${colors.points}'` },
    size: { signal: `datum.value === '${legendNames[0]}' ? 250 : 42` },
    strokeWidth: { value: 1.8 },
  };
  const spec = {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: "The curve 2x − x³ from −2 to 2, and the values of the fitted network at 41 points.",
    background: "white",
    padding: 8,
    width,
    height,
    config: {
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" as const, gridColor: "#ddd", tickColor: "#999", domainColor: "#999" },
      text: { font: "system-ui, sans-serif" },
    },
    data: [
      { name: "curve", values: grid.map((x) => ({ x, y: truth(x) })) },
      { name: "points", values: points.map((x) => ({ x, y: fitted(model, x) })) },
    ],
    scales,
    axes,
    legends: [{ orient: "top-right" as const, stroke: "key", labelFontSize: 13, offset: 14, rowPadding: 4, encode: { symbols: { update: symbols } } }],
    marks,
  };
  return await new View(parse(spec), { renderer: "none" }).toSVG();
}
