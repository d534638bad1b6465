// What a gradient costs in function evaluations, which theory bounds by a small constant for any number of inputs.
import { AutoTape, gradient, tensor } from "polyad";
import { alternate } from "../clock.mjs";
import { chainPoint, network } from "../data.mjs";
import { chain, networkLoss } from "../engines/polyad.mjs";
import { showRatio, showTime } from "../table.mjs";

const lengths = [10, 100, 1e3, 1e4, 1e5, 1e6];
const widths = [8, 32, 128, 256, 512];

export default {
  name: "costLaw",
  title: "Time of a gradient over the time of its function, evaluated plainly; growth is the mean of the larger half over that of the smaller",
};

export function measure({ seconds }) {
  const ad = AutoTape();
  const each = seconds / 4;
  const chains = lengths.map((n) => {
    const x = tensor(chainPoint(n));
    return ratio(`chain of ten, n = ${n}`, () => chain(x), () => gradient(chain, ad, x), each);
  });
  const networks = widths.map((w) => {
    const { model, loss } = networkLoss(network([w, w, w, 10], 64));
    return ratio(`network ${w}-${w}-${w}-10, batch 64`, () => loss(model), () => gradient(loss, ad, model), each);
  });
  return [...chains, growth("growth over n", chains), ...networks, growth("growth over widths", networks)];
}

function ratio(what, f, g, seconds) {
  const [tf, tg] = alternate([f, g], seconds);
  return { what, text: `${showRatio(tg / tf)} = ${showTime(tg)} / ${showTime(tf)}`, value: tg / tf, bar: { below: 5 } };
}

function growth(what, lines) {
  const mean = (part) => part.reduce((s, { value }) => s + value, 0) / part.length;
  const half = lines.length >> 1;
  const value = mean(lines.slice(-half)) / mean(lines.slice(0, half));
  return { what, text: showRatio(value), value, bar: { atMost: 1.2 } };
}
