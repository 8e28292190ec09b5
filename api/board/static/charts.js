/* Charts of readings: the trace, its usual range as a band, a rule's limit as a line, the finding's window shaded. */
"use strict";
(() => {
  const drawn = new Map(); // figure -> uPlot

  const month = new Intl.DateTimeFormat(said.language, { month: "short", timeZone: "UTC" });
  const names = { MMMM: [], MMM: [...Array(12).keys()].map((each) => month.format(Date.UTC(2026, each, 15))), WWWW: [], WWW: [] };
  const figures = new Intl.NumberFormat(said.language);

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function shades(spec) {
    return (plot) => {
      const { ctx, bbox } = plot;
      const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
      const x = (at) => clamp(plot.valToPos(at, "x", true), bbox.left, bbox.left + bbox.width);
      const y = (value) => clamp(plot.valToPos(value, "y", true), bbox.top, bbox.top + bbox.height);
      ctx.save();
      const [low, high] = spec.usual;
      if (low !== null || high !== null) {
        const top = high === null ? bbox.top : y(high);
        const bottom = low === null ? bbox.top + bbox.height : y(low);
        ctx.fillStyle = colour("--band");
        ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
      }
      if (spec.window) {
        const from = x(spec.window[0]);
        ctx.fillStyle = colour("--window");
        ctx.fillRect(from, bbox.top, Math.max(x(spec.window[1]) - from, 3 * devicePixelRatio), bbox.height);
      }
      ctx.restore();
    };
  }

  function limit(spec) {
    return (plot) => {
      if (spec.limit === null) return;
      const { ctx, bbox } = plot;
      const at = Math.round(plot.valToPos(spec.limit, "y", true));
      if (at < bbox.top || at > bbox.top + bbox.height) return;
      ctx.save();
      ctx.strokeStyle = colour("--limit");
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, at);
      ctx.lineTo(bbox.left + bbox.width, at);
      ctx.stroke();
      ctx.restore();
    };
  }

  function range(spec) {
    const marks = [...spec.value, ...(spec.low || []), ...(spec.high || []), ...spec.usual, spec.limit];
    const known = marks.filter((value) => value !== null && Number.isFinite(value));
    let low = Math.min(...known), high = Math.max(...known);
    if (low === high) { low -= 1; high += 1; }
    const air = (high - low) * 0.08;
    return [low - air, high + air];
  }

  function options(spec, width) {
    const soft = colour("--soft"), trace = colour("--trace"), grid = { stroke: colour("--grid"), width: 1 };
    const font = "12px system-ui, sans-serif";
    const series = [{}, { label: spec.title, stroke: trace, width: 1.6, points: { show: spec.at.length < 3 }, spanGaps: false }];
    const bands = [];
    if (spec.low) {
      series.push({ stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } });
      bands.push({ series: [3, 2], fill: trace + "33" });
    }
    return {
      width, height: 172, series, bands,
      cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 } },
      legend: { show: false },
      fmtDate: (pattern) => uPlot.fmtDate(pattern, names),
      tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), spec.zone),
      scales: { y: { range: range(spec) } },
      axes: [
        { stroke: soft, grid, ticks: grid, font, space: 64, values: [
          [3600 * 24, "{D} {MMM}", null, null, null, null, null, null, 1],
          [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
          [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
        ] },
        { stroke: soft, grid, ticks: grid, font, size: 52, space: 34, values: (_, values) => values.map((value) => value === null ? "" : figures.format(value)) },
      ],
      hooks: { drawClear: [shades(spec)], draw: [limit(spec)], setCursor: [tell(spec)] },
    };
  }

  function tell(spec) {
    const zone = new Intl.DateTimeFormat(said.language, { timeZone: spec.zone, weekday: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
    return (plot) => {
      const told = plot.root.parentNode.querySelector("figcaption .soft");
      const place = plot.cursor.idx;
      const value = place === null || place === undefined ? null : spec.value[place];
      told.textContent = value === null ? spec.unit : `${said.number(value, 4)} ${spec.unit}, ${zone.format(new Date(spec.at[place] * 1e3))}`;
    };
  }

  function describe(spec) {
    if (!spec.value.length) return said("nothing", spec);
    const low = Math.min(...(spec.low || spec.value)), high = Math.max(...(spec.high || spec.value));
    const usual = spec.usual.every((value) => value !== null) ? said("chartUsual", { low: said.number(spec.usual[0], 3), high: said.number(spec.usual[1], 3) }) : "";
    return said("chart", { title: spec.title, low: said.number(low, 4), high: said.number(high, 4), unit: spec.unit }) + usual;
  }

  function frame(box, spec) {
    const figure = document.createElement("figure");
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", describe(spec));
    const caption = document.createElement("figcaption"), title = document.createElement("span"), unit = document.createElement("span");
    title.textContent = spec.title;
    unit.textContent = spec.unit;
    unit.className = "soft";
    caption.append(title, unit);
    figure.append(caption);
    box.append(figure);
    return figure;
  }

  function plot(figure, spec) {
    const columns = [spec.at, spec.value];
    if (spec.low) columns.push(spec.low, spec.high);
    drawn.set(figure, new uPlot(options(spec, width(figure)), columns, figure));
  }

  const width = (figure) => Math.max(figure.clientWidth - 14, 120);

  function legend(box, specs) {
    const says = [];
    if (specs.some((spec) => spec.usual.some((value) => value !== null))) says.push(["l-usual", said("usual")]);
    if (specs.some((spec) => spec.window)) says.push(["l-window", said("found")]);
    if (specs.some((spec) => spec.limit !== null)) says.push(["l-limit", said("limit")]);
    if (specs.some((spec) => spec.low)) says.push(["l-range", said("range")]);
    const line = document.createElement("p");
    line.className = "legend";
    for (const [kind, text] of says) {
      const each = document.createElement("span");
      each.className = kind;
      each.textContent = text;
      line.append(each);
    }
    box.after(line); // not in the grid: a line over all columns would keep the empty ones open
  }

  function draw(root) {
    for (const box of root.querySelectorAll("[data-charts]")) {
      if (box.closest("details:not([open])") || box.querySelector("figure")) continue; // folded away, or drawn
      const specs = JSON.parse(box.querySelector("script").textContent);
      // All frames first: how wide each becomes depends on how many there are.
      const figures = specs.map((spec) => frame(box, spec));
      figures.forEach((figure, place) => plot(figure, specs[place]));
      legend(box, specs);
    }
    for (const [figure, plot] of drawn) {
      if (!figure.isConnected) { plot.destroy(); drawn.delete(figure); }
    }
  }

  function again() {
    for (const [figure, plot] of drawn) { plot.destroy(); drawn.delete(figure); }
    for (const left of document.querySelectorAll("[data-charts] > :not(script), [data-charts] + .legend")) left.remove();
    draw(document);
  }

  let resizing;
  addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => { for (const [figure, plot] of drawn) plot.setSize({ width: width(figure), height: 172 }); }, 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.addEventListener("toggle", (event) => { if (event.target.open) draw(event.target); }, true);
  window.drawCharts = draw;
  draw(document);
})();
