// Figures: the form shows the fields that its choices need; bars and the line through time are drawn from what the server told.
import { colours, hatched, theme } from "./theme.js";

const form = document.getElementById("ask");
const counting = document.getElementById("counting");

function fit() {
  const own = form.elements.period.value === "own";
  const wanted = { own, day: !own, township: form.elements.by.value === "township" };
  for (const field of form.querySelectorAll("[data-for]")) {
    field.hidden = !wanted[field.dataset.for];
    for (const input of field.querySelectorAll("input, select")) input.disabled = field.hidden;
  }
}

function send() {
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  setTimeout(() => (counting.hidden = false), 300);
}

form.addEventListener("change", (event) => {
  fit();
  if (event.target.name === "by" || event.target.name === "reading") form.requestSubmit();
});
form.addEventListener("submit", send);
addEventListener("pageshow", () => {
  counting.hidden = true;
  for (const button of form.querySelectorAll("button")) button.disabled = false;
});
fit();

function tip(told, row) {
  if (row.value === null) return `${row.name}\n${told.none}`;
  return `${row.name}\n${row.said}\n${row.of}${row.small ? `\n△ ${told.small}` : ""}`;
}

function chart(id, height, options) {
  const place = document.getElementById(id);
  if (!place || !globalThis.echarts) return;
  if (height) place.style.height = `${height}px`;
  const made = globalThis.echarts.init(place, theme, { renderer: "canvas" });
  made.setOption({ animation: false, tooltip: { ...theme.tooltip, trigger: "item" }, ...options });
  new ResizeObserver(() => made.resize()).observe(place);
}

// How wide words are, so that no name and no number is cut: at most a third of the chart for names.
const pen = document.createElement("canvas").getContext("2d");
pen.font = `12px ${theme.textStyle?.fontFamily ?? "sans-serif"}`;
const wide = (said) => Math.ceil(pen.measureText(said).width * 1.08);
const widest = (all) => Math.max(0, ...all.map(wide));

function bars(told) {
  const rows = told.bars;
  const labelled = (row) => row.said + (row.small ? " △" : "");
  const names = Math.min(170, widest(rows.map((row) => row.name)));
  const nearlyAll = told.unit === "%" && rows.some((row) => row.value > 75); // an axis of shares ends at 100
  chart("bars", Math.max(140, Math.min(620, 24 * rows.length + 50)), {
    grid: { left: names + 14, right: widest(rows.map(labelled)) + 14, top: 6, bottom: 24 },
    xAxis: { type: "value", min: 0, max: nearlyAll ? 100 : null, interval: nearlyAll ? 25 : null, splitNumber: 4, axisLabel: { hideOverlap: true } },
    yAxis: { type: "category", inverse: true, data: rows.map((row) => row.name), axisLabel: { width: names, overflow: "truncate", interval: 0 } },
    tooltip: { ...theme.tooltip, trigger: "item", formatter: (one) => tip(told, rows[one.dataIndex]) },
    series: [
      {
        type: "bar",
        barMaxWidth: 16,
        data: rows.map((row) => ({ value: row.value, itemStyle: row.small ? hatched : { color: colours.bar } })),
        label: { show: true, position: "right", color: colours.ink, formatter: (one) => labelled(rows[one.dataIndex]) },
      },
    ],
  });
}

function points(told) {
  const rows = told.points;
  chart("points", 0, {
    grid: { left: 8, right: 44, top: 14, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: rows.map((row) => row.name), axisLabel: { hideOverlap: true, showMaxLabel: true } },
    yAxis: { type: "value", scale: true, max: told.unit === "%" ? 100 : null },
    tooltip: { ...theme.tooltip, trigger: "axis", formatter: (all) => tip(told, rows[all[0].dataIndex]) },
    series: [
      {
        type: "line",
        symbolSize: 8,
        connectNulls: false,
        data: rows.map((row) => ({ value: row.value, symbol: row.small ? "emptyCircle" : "circle" })),
      },
    ],
  });
}

const data = document.getElementById("charts");
if (data) {
  const told = JSON.parse(data.textContent);
  addEventListener("load", () => {
    bars(told);
    points(told);
  });
}
