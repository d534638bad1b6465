import { tensor } from "polyad";
import { parse, View, type Axis, type GroupMark, type Mark, type Scale } from "vega";
import { epoch, type Series } from "./data.js";
import { curve, trend } from "./model.js";
import type { Result } from "./study.js";

const width = 820;
const colors = { data: "#4a6fa5", fit: "#d1495b", trend: "#2f2f2f" };
const legendNames = ["monthly mean", "fit", "trend"];
/** The years of the close-up. */
const closeUp: readonly [number, number] = [2014, 2020.4];

/** Record and fit, a close-up of its last years, and the residuals: one picture as SVG, which needs no script to be seen. */
export async function figure(series: Series, { theta, quality }: Result): Promise<string> {
  const residuals = quality.residuals.dataSync();
  const observed = Array.from(series.t, (t, i) => ({ year: epoch + t, ppm: series.co2[i]!, residual: residuals[i]! }));
  const grid = fineGrid(series);
  const [fit, rise] = [curve(theta, tensor(grid)).dataSync(), trend(theta, tensor(grid)).dataSync()];
  const curves = Array.from(grid, (t, i) => ({ year: epoch + t, fit: fit[i]!, trend: rise[i]! }));
  const years: readonly [number, number] = [1958, 2021];

  const spec = {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: "Carbon dioxide at Mauna Loa, 1958 to 2020: monthly means, the fitted curve, and the residuals.",
    background: "white",
    padding: 8,
    config: {
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" as const, gridColor: "#ddd", tickColor: "#999", domainColor: "#999" },
      title: { anchor: "start" as const, fontSize: 14, offset: 8, subtitleFontSize: 12, subtitleColor: "#555" },
      text: { font: "system-ui, sans-serif" },
    },
    data: [
      { name: "observed", values: observed },
      { name: "curves", values: curves },
      { name: "observedLate", source: "observed", transform: [{ type: "filter" as const, expr: within }] },
      { name: "curvesLate", source: "curves", transform: [{ type: "filter" as const, expr: within }] },
    ],
    layout: { columns: 1, padding: 76, bounds: "flush" as const },
    marks: [
      panel("CO₂ at Mauna Loa", "CO₂ (ppm)", 300, years, { data: "observed", field: "ppm", zero: false }, [
        line("curves", "fit", colors.fit, 1),
        line("curves", "trend", colors.trend, 1.2, [5, 3]),
        points("observed", "ppm", 7),
      ], true),
      panel(`The last years, ${closeUp[0]} to 2020`, "CO₂ (ppm)", 190, closeUp, { data: "observedLate", field: "ppm", zero: false }, [
        line("curvesLate", "trend", colors.trend, 1.2, [5, 3]),
        line("curvesLate", "fit", colors.fit, 1.8),
        points("observedLate", "ppm", 28),
      ]),
      panel("Residuals: monthly mean − fit; band: ± 2 RMS", "residual (ppm)", 150, years, { data: "observed", field: "residual", zero: true }, [
        band(2 * quality.rms),
        points("observed", "residual", 9),
      ]),
    ],
  };
  return await new View(parse(spec), { renderer: "none" }).toSVG();
}

const within = `datum.year >= ${closeUp[0]} && datum.year <= ${closeUp[1]}`;

/** Times for the curves: 24 a year, from the first month to the last. */
function fineGrid({ t }: Series): Float64Array {
  const [first, last] = [t[0]!, t[t.length - 1]!];
  const steps = Math.ceil((last - first) * 24);
  return Float64Array.from({ length: steps + 1 }, (_, i) => first + ((last - first) * i) / steps);
}

interface Domain {
  readonly data: string;
  readonly field: string;
  readonly zero: boolean;
}

function panel(title: string, yTitle: string, height: number, years: readonly [number, number], y: Domain, marks: Mark[], legend = false): GroupMark {
  const scales: Scale[] = [
    { name: "x", type: "linear", domain: [...years], range: [0, width], zero: false, nice: false },
    { name: "y", type: "linear", domain: { data: y.data, field: y.field }, range: [height, 0], zero: y.zero, nice: true },
    { name: "key", type: "ordinal", domain: legendNames, range: [colors.data, colors.fit, colors.trend] },
  ];
  const axes: Axis[] = [
    { orient: "bottom", scale: "x", format: "d", title: "year", tickCount: years[1] - years[0] > 10 ? 13 : 7, grid: true, gridScale: "y" },
    { orient: "left", scale: "y", title: yTitle, tickCount: Math.round(height / 40), grid: true, gridScale: "x", minExtent: 38, maxExtent: 38 },
  ];
  const symbols = {
    shape: { signal: "datum.value === 'monthly mean' ? 'circle' : 'stroke'" },
    fill: { signal: `datum.value === 'monthly mean' ? '${colors.data}' : 'transparent'` },
    strokeDash: { signal: "datum.value === 'trend' ? [5, 3] : [1, 0]" },
    size: { signal: "datum.value === 'monthly mean' ? 40 : 250" },
    strokeWidth: { value: 1.8 },
  };
  return {
    type: "group",
    title: { text: title, frame: "group" },
    encode: { enter: { width: { value: width }, height: { value: height } } },
    scales,
    axes,
    legends: legend ? [{ orient: "top-left", stroke: "key", labelFontSize: 12, offset: 12, rowPadding: 4, encode: { symbols: { update: symbols } } }] : [],
    marks: [{ type: "group", encode: { enter: { width: { value: width }, height: { value: height }, clip: { value: true } } }, marks }],
  };
}

function line(data: string, field: string, color: string, strokeWidth: number, strokeDash: number[] = []): Mark {
  return {
    type: "line",
    from: { data },
    encode: { enter: { x: { scale: "x", field: "year" }, y: { scale: "y", field }, stroke: { value: color }, strokeWidth: { value: strokeWidth }, strokeDash: { value: strokeDash } } },
  };
}

function points(data: string, field: string, size: number): Mark {
  return {
    type: "symbol",
    from: { data },
    encode: { enter: { x: { scale: "x", field: "year" }, y: { scale: "y", field }, size: { value: size }, fill: { value: colors.data }, fillOpacity: { value: 0.75 } } },
  };
}

/** ± `half` about zero, and the zero line. */
function band(half: number): Mark {
  const rect = { x: { value: 0 }, x2: { value: width } };
  return {
    type: "group",
    marks: [
      { type: "rect", encode: { enter: { ...rect, y: { scale: "y", value: -half }, y2: { scale: "y", value: half }, fill: { value: colors.fit }, fillOpacity: { value: 0.1 } } } },
      { type: "rule", encode: { enter: { ...rect, y: { scale: "y", value: 0 }, stroke: { value: colors.fit }, strokeWidth: { value: 1.2 } } } },
    ],
  };
}
