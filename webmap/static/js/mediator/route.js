// The day's visits on the map: numbered in their order, joined by lines that stand for the way and are no roads.

import { keepApart } from "../small_map/apart.js";
import { addZoom } from "../small_map/zoom.js";

const line = (color, weight, fill = {}) => ({ color, weight, fill: false, ...fill });
const DRAWN = {
  district: line("#3a4652", 2.5),
  townships: line("#66717d", 1.5),
  base_grids: line("#a3adb8", 0.8),
  roads: line("#c9b896", 1.5),
  water: line("#9cc3d8", 1, { fill: true, fillColor: "#cfe2ee", fillOpacity: 1 }),
};
const ROUND = "#7a2a8c";
const SIZE = 26;
const STYLES = new Proxy(DRAWN, { get: (drawn, name) => drawn[name] ?? [] });

export function drawRoute(host, config) {
  const { circuit } = config;
  if (!host || !window.L || !circuit.stops.length) return;
  const map = L.map(host, { center: [...config.centre].reverse(), zoom: 11, minZoom: 7, maxZoom: 18, attributionControl: false, zoomControl: false });
  addZoom(map, config.words);
  if (L.vectorGrid) {
    L.vectorGrid
      .protobuf(config.tiles, { tileSize: 1024, rendererFactory: L.canvas.tile, vectorTileLayerStyles: STYLES, interactive: false })
      .addTo(map);
  }
  const base = [circuit.station.point[1], circuit.station.point[0]];
  const stops = circuit.stops.map((stop) => [stop.point[1], stop.point[0]]);
  const legs = [base, ...stops, base];
  legs.slice(1).forEach((to, at) => {
    const byRoad = at < circuit.stops.length ? circuit.stops[at].by_road : circuit.back.by_road;
    L.polyline([legs[at], to], { color: ROUND, weight: 3, opacity: 0.8, dashArray: byRoad ? null : "6 6", interactive: false }).addTo(map);
  });
  const marks = [mark(base, "◆", "number base", circuit.station.name), ...stops.map((at, i) => mark(at, String(i + 1), "number", told(circuit.stops[i])))];
  marks.forEach((one) => one.addTo(map));
  map.fitBounds(L.latLngBounds(legs), { padding: [32, 32], maxZoom: 16, animate: false });
  keepApart(map, marks, { size: SIZE, color: ROUND });
}

const told = (stop) => [stop.number, stop.address || stop.event_address].filter(Boolean).join(" · ");

function mark(at, text, className, title) {
  return L.marker(at, { icon: L.divIcon({ className, html: text, iconSize: [SIZE, SIZE] }), keyboard: false, title });
}
