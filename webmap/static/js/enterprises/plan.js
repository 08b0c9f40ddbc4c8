// The plan of visits on the map: who is due, and the stops of a day's round with their numbers and the line between them.

import { keepApart } from "../small_map/apart.js";
import { addZoom } from "../small_map/zoom.js";

const line = (color, weight, more = {}) => ({ color, weight, fill: false, ...more });
const DRAWN = {
  district: line("#3a4652", 2.5),
  townships: line("#66717d", 1.5),
  base_grids: line("#a3adb8", 1),
  roads: line("#d9cdb8", 1.5),
  water: line("#b3d0e0", 1, { fill: true, fillColor: "#cfe2ee", fillOpacity: 1 }),
};
const STYLES = new Proxy(DRAWN, { get: (drawn, name) => drawn[name] ?? [] });
const DUE = "#7a2a8c";
const SIZE = 28;

const config = JSON.parse(document.getElementById("config").textContent);
const host = document.getElementById("map");

/** A number in words of the page. */
const filled = (template, n) => template.replace("{n}", n);

function open() {
  const [lon, lat] = config.centre;
  const map = L.map(host, { center: [lat, lon], zoom: 10, minZoom: 7, maxZoom: 18, attributionControl: false, zoomControl: false });
  addZoom(map, config.words);
  L.control.scale({ imperial: false }).addTo(map);
  if (L.vectorGrid) {
    const options = { tileSize: 1024, rendererFactory: L.canvas.tile, vectorTileLayerStyles: STYLES, interactive: false };
    L.vectorGrid.protobuf(config.tiles, options).addTo(map);
  }
  return map;
}

/** Who is due, as dots: filled where nobody was ever there, rings else. Stops have numbers of their own. */
function drawDue(map, marks) {
  const stops = new Set(config.stops.map((one) => one.id));
  for (const one of config.due) {
    if (stops.has(one.id)) continue;
    const [lon, lat] = one.point_lonlat;
    const never = !one.last_visit;
    const dot = L.circleMarker([lat, lon], { radius: 5, weight: 2, color: DUE, fillColor: never ? DUE : "#ffffff", fillOpacity: 1 });
    const told = never ? config.words.never : filled(config.words.over, one.days_over);
    marks.set(one.id, dot.bindTooltip(`${escaped(one.name)} · ${told}`).on("click", () => location.assign(`/enterprises/${one.id}`)).addTo(map));
  }
}

const escaped = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function drawRound(map, marks) {
  if (!config.stops.length) return { ways: [], round: [] };
  const [startLon, startLat] = config.start.point_lonlat;
  const ways = [[startLat, startLon], ...config.stops.map(({ point_lonlat: [lon, lat] }) => [lat, lon]), [startLat, startLon]];
  L.polyline(ways, { color: DUE, weight: 2, dashArray: "6 5", interactive: false }).addTo(map);
  const home = L.divIcon({ className: "home", html: "⌂", iconSize: [SIZE, SIZE] });
  const start = L.marker([startLat, startLon], { icon: home, title: `${config.start.name} · ${config.words.start}`, keyboard: false });
  const round = [start.addTo(map)];
  config.stops.forEach((one, at) => {
    const [lon, lat] = one.point_lonlat;
    const icon = L.divIcon({ className: "number", html: String(at + 1), iconSize: [SIZE, SIZE] });
    const title = `${filled(config.words.stop, at + 1)} · ${one.name}`;
    const mark = L.marker([lat, lon], { icon, title, alt: title, keyboard: false, zIndexOffset: 1000 - at });
    marks.set(one.id, mark.on("click", () => location.assign(`/enterprises/${one.id}`)).addTo(map));
    round.push(mark);
  });
  return { ways, round };
}

if (host && window.L) {
  const map = open();
  const marks = new Map();
  drawDue(map, marks);
  const { ways, round } = drawRound(map, marks);
  const places = ways.length ? ways : config.due.map(({ point_lonlat: [lon, lat] }) => [lat, lon]);
  if (places.length) map.fitBounds(L.latLngBounds(places), { maxZoom: 15, animate: false, padding: [24, 24] });
  keepApart(map, round, { size: SIZE, color: DUE });
  for (const row of document.querySelectorAll(".side [data-id]")) {
    const mark = marks.get(row.dataset.id);
    if (!mark) continue;
    const show = () => map.panInside(mark.getLatLng(), { padding: [40, 40], animate: false });
    row.addEventListener("mouseenter", () => mark.openTooltip?.());
    row.addEventListener("mouseleave", () => mark.closeTooltip?.());
    row.addEventListener("focusin", show);
  }
}
