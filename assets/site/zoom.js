// Zoom into the curves of a run. What draws them is loaded when somebody asks for it; without this
// script the drawing of the server stays.
const zoomed = document.getElementById("zoomed");
const drawn = document.getElementById("drawn");
const button = document.getElementById("zoom");

/** Adds an element to the head and waits until it is loaded. */
function load(name, attributes) {
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement(name), attributes);
    element.onload = done;
    element.onerror = failed;
    document.head.append(element);
  });
}

/** A colour of the style sheet. */
function colour(property) {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}

function percent(value) {
  return value == null ? "–" : `${value > 0 ? "+" : ""}${value.toFixed(2).replace("-", "−")} %`;
}

const DAY = 86400;

/** A time of UTC as the axis has it, which is marked at so many seconds. */
function marked(second, every) {
  const date = new Date(second * 1e3);
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  const hour = date.toISOString().slice(11, 16);
  if (every >= DAY) return every >= 300 * DAY ? String(date.getUTCFullYear()) : day;
  return hour === "00:00" ? day : hour;
}

/** The same, in full. */
function moment(second) {
  return second == null ? "–" : new Date(second * 1e3).toISOString().slice(0, 16).replace("T", " ");
}

/** Two plots that show the same time, in a place as wide as the page. */
function plots(place, { times, lines, fall }) {
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 } };
  const across = {
    ...axis,
    values: (_, marks, at, space, every) => marks.map((it) => marked(it, every)),
  };
  const last = times.length - 1;
  let shown = [];
  const together = (plot, scale) => {
    if (scale !== "x") return;
    const { min, max } = plot.scales.x;
    for (const other of shown) {
      const same = other.scales.x.min === min && other.scales.x.max === max;
      if (other !== plot && !same) other.setScale("x", { min, max });
    }
  };
  const options = (height, series) => ({
    width: place.clientWidth,
    height,
    tzDate: (second) => uPlot.tzDate(new Date(second * 1e3), "Etc/UTC"),
    cursor: { sync: { key: "run" }, drag: { x: true, y: false } },
    hooks: { setScale: [together] },
    axes: [across, { ...axis, size: 60, values: (_, all) => all.map((it) => `${it} %`) }],
    series: [{ label: "UTC", value: (_, second) => moment(second) }, ...series],
  });
  const curve = (it, at) => ({
    label: it.name,
    stroke: colour(it.colour),
    width: at === 0 ? 2 : 1,
    points: { show: false },
    value: (_, value) => percent(value),
  });
  const area = {
    label: "Below the peak",
    stroke: colour("--fall"),
    fill: `${colour("--fall")}2e`,
    points: { show: false },
    value: (_, value) => percent(value),
  };
  const growth = new uPlot(
    options(320, lines.map(curve)),
    [times, ...lines.map((it) => it.values)],
    place,
  );
  const below = new uPlot(options(130, [area]), [times, fall], place);
  shown = [growth, below];
  new ResizeObserver(() => {
    for (const plot of shown) plot.setSize({ width: place.clientWidth, height: plot.height });
  }).observe(place);

  /** Shows this part of the time: `by` is how much of it, `shift` where it moves, in its width. */
  return (by, shift) => {
    const { min, max } = growth.scales.x;
    const width = Math.min((max - min) * by, times[last] - times[0]);
    const middle = (min + max) / 2 + shift * (max - min);
    const from = Math.max(times[0], Math.min(middle - width / 2, times[last] - width));
    growth.setScale("x", { min: from, max: from + width });
  };
}

/** Buttons for who has no mouse. */
function buttons(move) {
  const bar = document.createElement("nav");
  bar.setAttribute("aria-label", "Zoom");
  const all = [
    ["Nearer", 0.5, 0],
    ["Farther", 2, 0],
    ["Earlier", 1, -0.5],
    ["Later", 1, 0.5],
    ["Whole window", Infinity, 0],
  ];
  for (const [label, by, shift] of all) {
    const it = document.createElement("button");
    Object.assign(it, { type: "button", className: "quiet small", textContent: label });
    it.addEventListener("click", () => move(by, shift));
    bar.append(it);
  }
  return bar;
}

async function open() {
  const { curves, script, style } = zoomed.dataset;
  const asked = fetch(curves).then((answer) => (answer.ok ? answer.json() : Promise.reject()));
  const [data] = await Promise.all([
    asked,
    load("script", { src: script }),
    load("link", { rel: "stylesheet", href: style }),
  ]);
  const inside = document.createElement("div");
  const place = document.createElement("div");
  place.className = "plots";
  inside.append(place);
  zoomed.append(inside);
  drawn.hidden = true;
  inside.prepend(buttons(plots(place, data)));
  return inside;
}

if (button && zoomed && drawn) {
  let inside = null;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (inside) {
        inside.hidden = !inside.hidden;
        drawn.hidden = !inside.hidden;
      } else {
        inside = await open();
      }
      button.setAttribute("aria-expanded", String(!inside.hidden));
      button.textContent = inside.hidden ? "Zoom" : "As it was drawn";
    } catch {
      button.textContent = "Not now: the curves did not load";
    } finally {
      button.disabled = false;
    }
  });
}
