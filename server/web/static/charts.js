// Charts of one device: one cursor through all, gaps hatched and named, limits dashed, events as ticks, min/max as band.
import { absolute, clock } from "./times.js";
import { axisSteps, axisText, text } from "./units.js";
import { say } from "./words.js";

const host = document.getElementById("charts");
const HEIGHT = 118;
const AXIS = 62;
const LIVE_EVERY_MS = 5_000;
let range = host?.dataset.range ?? "15m";
let plots = [];
let asked = 0;
let fetched = 0;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function hatch(ctx) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = colour("--unknown-soft");
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = colour("--unknown");
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (const shift of [-8, 0, 8]) { pen.moveTo(shift, 8); pen.lineTo(shift + 8, 0); }
  pen.stroke();
  return ctx.createPattern(tile, "repeat");
}

// Under the lines: what nobody knows. The word stands inside the hatching when it fits, on a ground of its own.
function drawGaps(plot, gaps) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const pattern = hatch(ctx);
  for (const gap of gaps) {
    const left = Math.max(bbox.left, plot.valToPos(gap.start, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(gap.end, "x", true));
    if (right <= left) continue;
    // Before the device was watched there was nothing to miss: a plain ground, no hatching.
    const before = gap.reason === "not_offered";
    ctx.fillStyle = before ? colour("--sunken") : pattern;
    ctx.fillRect(left, bbox.top, Math.max(right - left, 2 * scale), bbox.height);
    ctx.font = `${11 * scale}px ${colour("--sans")}`;
    const label = say(before ? "not_watched" : "no_data");
    const wide = ctx.measureText(label).width;
    if (right - left < wide + 12 * scale) continue;
    const middle = (left + right) / 2;
    const base = bbox.top + bbox.height / 2;
    ctx.fillStyle = colour(before ? "--sunken" : "--surface");
    ctx.fillRect(middle - wide / 2 - 5 * scale, base - 9 * scale, wide + 10 * scale, 18 * scale);
    ctx.fillStyle = colour("--unknown");
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(label, middle, base);
  }
  ctx.restore();
}

function drawLimits(plot, limits, unit) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour("--fault");
  ctx.lineWidth = scale;
  const taken = [];
  for (const limit of limits) {
    const y = Math.round(plot.valToPos(limit.value, "y", true)) + 0.5;
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = colour(limit.severity === "fault" ? "--fault" : "--warn");
    ctx.setLineDash([4 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    const label = text(limit.value, unit);
    ctx.setLineDash([]);
    ctx.font = `${10.5 * scale}px ${colour("--sans")}`;
    const wide = ctx.measureText(label).width + 6 * scale;
    // On a ground of its own at the right end, so that neither the limit nor a curve runs through the figure;
    // two limits close to each other stand side by side.
    const beside = taken.filter((other) => Math.abs(other.y - y) < 13 * scale).reduce((sum, other) => sum + other.wide, 0);
    taken.push({ y, wide });
    const right = bbox.left + bbox.width - beside;
    ctx.fillStyle = colour("--surface");
    ctx.fillRect(right - wide, y - 7 * scale, wide, 14 * scale);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.fillText(label, right - 2 * scale, y);
  }
  ctx.restore();
}

function drawEvents(plot, events) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  for (const event of events) {
    const x = Math.round(plot.valToPos(event.at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = colour(event.severity <= 3 ? "--fault" : event.severity === 4 ? "--warn" : "--hold");
    ctx.fillRect(x - scale, bbox.top + bbox.height - 9 * scale, 2 * scale, 9 * scale);
  }
  ctx.restore();
}

function caption(panel) {
  const cap = document.createElement("div");
  cap.className = "cap";
  const title = document.createElement("h3");
  title.textContent = panel.title;
  cap.append(title);
  const values = panel.series.map((series, index) => {
    const key = document.createElement("span");
    key.className = `key s${index + 1}`;
    const mark = document.createElement("i");
    const value = document.createElement("span");
    value.className = "val";
    key.append(mark, series.label ? `${series.label} ` : "", value);
    cap.append(key);
    return value;
  });
  const when = document.createElement("span");
  when.className = "when";
  cap.append(when);
  return { cap, values, when };
}

function columns(panel) {
  const data = [panel.t];
  const series = [{}];
  const bands = [];
  panel.series.forEach((line, index) => {
    const stroke = colour(`--series-${index + 1}`);
    if (line.min && line.max) {
      const first = series.length;
      const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
      series.push({ ...edge }, { ...edge });
      data.push(line.max, line.min);
      bands.push({ series: [first, first + 1], fill: `${stroke}22` });
    }
    series.push({ stroke, width: 1.4, spanGaps: false, points: { show: line.avg.length < 3, size: 4 }, label: line.label });
    data.push(line.avg);
    line.column = data.length - 1;
  });
  return { data, series, bands };
}

function top(panel) {
  const shown = panel.series.flatMap((line) => (line.max ?? line.avg).filter((value) => value != null));
  const most = shown.length ? Math.max(...shown) : 0;
  // A limit belongs in the picture once the curve is within sight of it; a percentage always shows its whole scale.
  const limits = panel.limits.map((limit) => limit.value).filter((value) => panel.unit === "ratio" || value < most * 2.5);
  const high = Math.max(most * 1.15, ...limits.map((value) => value * 1.1), panel.floor_top ?? 0);
  return panel.unit === "ratio" && high > 0.4 ? Math.max(1, most) : high || 1;
}

function bottom(panel) {
  const shown = panel.series.flatMap((line) => (line.min ?? line.avg).filter((value) => value != null));
  const least = shown.length ? Math.min(...shown) : 0;
  return panel.from_zero ? Math.min(0, least) : least - Math.abs(least) * 0.1;
}

function build(panel, answer, place) {
  const { cap, values, when } = caption(panel);
  const draw = document.createElement("div");
  draw.className = "draw";
  place.append(cap, draw);
  if (!panel.series.length) {
    draw.classList.add("none");
    draw.textContent = say("no_data");
    return null;
  }
  const { data, series, bands } = columns(panel);
  const showAt = (index) => {
    panel.series.forEach((line, place_) => {
      const last = line.avg.findLastIndex((value) => value != null);
      const value = line.avg[index ?? last];
      values[place_].textContent = value == null ? say("no_data") : text(value, panel.unit);
    });
    when.textContent = index == null || panel.t[index] == null ? "" : absolute(new Date(panel.t[index] * 1000)).slice(5);
  };
  const ink = () => colour("--ink-3");
  const font = `11px ${colour("--sans")}`;
  const grid = { stroke: () => colour("--line"), width: 1 };
  const steps = axisSteps(panel.unit);
  const plot = new uPlot(
    {
      width: draw.clientWidth || place.clientWidth,
      height: HEIGHT,
      padding: [8, 22, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "device", scales: ["x", null] }, points: { size: 5 }, drag: { x: true, y: false, setScale: false }, y: false },
      scales: { x: { time: true, min: answer.start, max: answer.end, auto: false, range: () => [answer.start, answer.end] }, y: { range: () => [bottom(panel), top(panel)] } },
      axes: [
        { stroke: ink, font, grid, ticks: { show: false }, size: 22, space: 70, values: (_, splits) => splits.map((at) => axisTime(at, answer, splits[1] - splits[0])) },
        { stroke: ink, font, grid, ticks: { show: false }, size: AXIS, space: 24, ...(steps ? { incrs: steps } : {}), values: (_, splits) => splits.map((value) => axisText(value, panel.unit)) },
      ],
      series,
      bands,
      hooks: {
        drawAxes: [(self) => drawGaps(self, panel.gaps)],
        draw: [(self) => { drawLimits(self, panel.limits, panel.unit); drawEvents(self, answer.events); }],
        setCursor: [(self) => showAt(self.cursor.idx ?? null)],
      },
    },
    data,
    draw,
  );
  showAt(null);
  return { plot, draw };
}

function axisTime(at, answer, step) {
  const date = new Date(at * 1000);
  const span = answer.end - answer.start;
  if (step < 60) return clock(date);
  if (span > 6 * 86400) return absolute(date).slice(5, 10);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  return midnight || span > 2 * 86400 ? absolute(date).slice(5, 10) : clock(date).slice(0, 5);
}

function paint(answer) {
  for (const { plot } of plots) plot.destroy();
  plots = [];
  const sheet = document.createDocumentFragment();
  const places = answer.panels.map((panel) => {
    const place = document.createElement("figure");
    place.className = "chart";
    place.dataset.panel = panel.id;
    place.setAttribute("aria-label", panel.title);
    sheet.append(place);
    return [panel, place];
  });
  const heightBefore = host.offsetHeight;
  host.style.minHeight = `${heightBefore}px`;
  host.replaceChildren(sheet);
  plots = places.map(([panel, place]) => build(panel, answer, place)).filter(Boolean);
  host.style.minHeight = "";
  host.dataset.drawn = String(Number(host.dataset.drawn ?? 0) + 1);
}

async function load() {
  const turn = ++asked;
  fetched = Date.now();
  try {
    const response = await fetch(`${host.dataset.source}?range=${encodeURIComponent(range)}`, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(String(response.status));
    const answer = await response.json();
    if (turn === asked) paint(answer);
  } catch (error) {
    if (turn !== asked || host.querySelector(".chart .u-wrap")) return;
    const note = document.createElement("p");
    note.className = "none";
    note.textContent = say("charts_failed", { why: error.message });
    host.replaceChildren(note);
  }
}

function choose(button) {
  range = button.dataset.range;
  for (const other of document.querySelectorAll("[data-range]")) other.setAttribute("aria-pressed", String(other === button));
  load();
}

if (host) {
  for (const button of document.querySelectorAll("button[data-range]")) button.addEventListener("click", () => choose(button));
  document.addEventListener("zhishou:theme", load);
  const every = { "15m": LIVE_EVERY_MS, "1h": 20_000, "1d": 120_000 };
  document.addEventListener("zhishou:update", () => {
    const hovering = host.matches(":hover");
    if (!hovering && Date.now() - fetched > (every[range] ?? 600_000)) load();
  });
  new ResizeObserver(() => {
    for (const { plot, draw } of plots) if (Math.abs(plot.width - draw.clientWidth) > 1) plot.setSize({ width: draw.clientWidth, height: HEIGHT });
  }).observe(host);
  load();
}
