// A small line chart, drawn as SVG: the readings that an order cites, or that an asset had last.
import { moment, number, say } from "./say.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [340, 120, 4, 16];
const svg = (tag, properties, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/** Return a figure of a series: `points` are pairs of time and value, `low` and `high` a usual range, `limit` a limit. */
export function chart({ title, label, signal, unit = "", points, low = null, high = null, limit = null }, zone) {
  const known = (points || []).map(([at, value]) => [typeof at === "number" ? at * (at < 1e11 ? 1000 : 1) : Date.parse(at), Number(value)]).filter(([, value]) => Number.isFinite(value));
  const name = title || label || signal || "";
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  if (!known.length) {
    caption.textContent = say("no_readings", { title: name });
    figure.append(caption);
    return figure;
  }
  const values = [...known.map(([, value]) => value), ...[low, high, limit].filter((each) => each !== null)];
  const [from, to] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [known[0][0], known.at(-1)[0]];
  const x = (at) => LEFT + ((at - first) / (last - first || 1)) * (WIDTH - 2 * LEFT);
  const y = (value) => 6 + (1 - (value - from) / (to - from || 1)) * (HEIGHT - BOTTOM - 12);
  const path = known.map(([at, value], place) => `${place ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const least = number(Math.min(...known.map((each) => each[1])));
  const most = number(Math.max(...known.map((each) => each[1])));
  caption.textContent = say("chart", { title: name, low: least, high: most, unit });
  const drawn = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": caption.textContent });
  if (low !== null && high !== null) drawn.append(svg("rect", { class: "usual", x: LEFT, width: WIDTH - 2 * LEFT, y: y(high), height: Math.max(1, y(low) - y(high)) }));
  if (limit !== null) drawn.append(svg("line", { class: "limit", x1: LEFT, x2: WIDTH - LEFT, y1: y(limit), y2: y(limit) }));
  drawn.append(svg("path", { class: "trace", d: path }));
  const text = (at, anchor, where) => {
    const made = svg("text", { x: where, y: HEIGHT - 3, "text-anchor": anchor });
    made.textContent = moment(at, zone);
    return made;
  };
  drawn.append(text(first, "start", LEFT), text(last, "end", WIDTH - LEFT));
  figure.append(caption, drawn);
  return figure;
}
