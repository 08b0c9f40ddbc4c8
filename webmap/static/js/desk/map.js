// The map beside the list: every open matter in view by its light, the selected one, and whom or what a panel offers for it.

import { addZoom } from "../small_map/zoom.js";
import { el, fill, SHAPES } from "./dom.js";
import { Lights, raised } from "./lights.js";

const line = (color, weight, more = {}) => ({ color, weight, fill: false, ...more });
const GRIDS_ZOOM = 12; // farther out their lines hide what lies on them
const DRAWN = {
  district: line("#3a4652", 2.5),
  townships: line("#66717d", 1.5),
  base_grids: (_, zoom) => (zoom < GRIDS_ZOOM ? [] : line("#a3adb8", 1)),
  roads: line("#d9cdb8", 1.5),
  water: line("#b3d0e0", 1, { fill: true, fillColor: "#cfe2ee", fillOpacity: 1 }),
};
const STYLES = new Proxy(DRAWN, { get: (drawn, name) => drawn[name] ?? [] });
const MIDDLE_ZOOM = 14;
const NEAR_ZOOM = 16;
const LEAST_SEEN_M = 120; // across, of a place that is to be decided
const SAMPLES = 12; // to a side of the view, to find where a number can stand
const SAME_PX = 10; // pins nearer to each other than that lie on one another

export class DeskMap {
  constructor(host, { config, api, onChosen, onOffered }) {
    Object.assign(this, { host, config, onChosen, onOffered, pins: new Map(), offered: [], rows: [], selected: "" });
    if (!window.L) {
      host.append(el("p", { class: "face", text: config.words.no_map }));
      return;
    }
    this.map = L.map(host, { minZoom: 7, maxZoom: 18, attributionControl: false, zoomControl: false, keyboard: false, zoomSnap: 0.25 });
    this.whole();
    addZoom(this.map, config.words);
    this.#addWhole();
    L.control.scale({ imperial: false }).addTo(this.map);
    if (L.vectorGrid) {
      const options = { tileSize: 1024, rendererFactory: L.canvas.tile, vectorTileLayerStyles: STYLES, interactive: false };
      this.ground = L.vectorGrid.protobuf(config.tiles, options).addTo(this.map);
      this.ground.on("tileerror", () => (this.isTorn = true));
    }
    this.lights = new Lights(this.map, { api, words: config.words, onDrawn: () => this.#draw() });
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(host);
  }

  // Tiles that did not come are asked for again, and so are the lights.
  mend() {
    if (!this.map) return;
    if (this.isTorn) this.ground.redraw();
    this.isTorn = false;
    this.lights.reload();
  }

  // All of the reader's territory.
  whole() {
    const [west, south, east, north] = this.config.bounds;
    this.map?.fitBounds([[south, west], [north, east]], { animate: false });
  }

  #addWhole() {
    const control = L.control({ position: "topleft" });
    const { whole, whole_key } = this.config.words;
    control.onAdd = () => {
      const button = el("button", { type: "button", class: "whole", title: whole_key, onclick: () => this.whole() }, whole);
      L.DomEvent.disableClickPropagation(button);
      return button;
    };
    control.addTo(this.map);
  }

  // The rows that the list has loaded under `filter`, and which of them is selected.
  show(rows, selected, filter = null) {
    if (!this.map) return;
    if (selected !== this.selected) this.lights.settle(selected, rows.find((row) => row.id === selected)?.point_lonlat);
    Object.assign(this, { rows, selected });
    if (filter) this.lights.reload(filter);
    this.#draw();
  }

  // Pins: colour, shape and, to who hovers, word. What is open comes from the map's own question, what is closed from the list.
  #draw() {
    const drawn = new Map(this.lights.pins);
    for (const row of this.rows) if (row.point_lonlat && (row.closed_at || row.id === this.selected)) drawn.set(row.id, row);
    for (const one of drawn.values()) this.#pin(one, one.id === this.selected);
    for (const [id, pin] of this.pins) {
      if (drawn.has(id)) continue;
      pin.remove();
      this.pins.delete(id);
    }
  }

  #pin(one, chosen) {
    const code = one.closed_at ? "grey" : SHAPES[one.light] ? one.light : "grey";
    const drawn = `${code} ${chosen} ${one.danger} ${one.point_lonlat}`;
    const known = this.pins.get(one.id);
    if (known?.drawn === drawn) return;
    known?.remove();
    const size = chosen ? 34 : 22;
    const icon = L.divIcon({ className: `pin ${code}${chosen ? " chosen" : ""}${one.danger ? " danger" : ""}`, html: SHAPES[code], iconSize: [size, size] });
    const [lon, lat] = one.point_lonlat;
    const title = `${one.number} ${one.category?.title || one.kind.title} · ${one.closed_at ? one.state.title : this.config.words.lights[code]}`;
    const pin = L.marker([lat, lon], { icon, title, alt: title, keyboard: false, zIndexOffset: raised(code, chosen) }).on("click", () => this.onChosen(this.#under(one.id)));
    pin.drawn = drawn;
    this.pins.set(one.id, pin.addTo(this.map));
  }

  // Where pins lie on one another, each press takes the next of them.
  #under(id) {
    const place = (pin) => this.map.latLngToLayerPoint(pin.getLatLng());
    const here = place(this.pins.get(id));
    const heap = [...this.pins].filter(([, pin]) => place(pin).distanceTo(here) < SAME_PX).map(([one]) => one).sort();
    return heap.includes(this.selected) ? heap[(heap.indexOf(this.selected) + 1) % heap.length] : id;
  }

  // Goes to the selected one unless it is in view already.
  follow(row) {
    if (!this.map || !row?.point_lonlat) return;
    const [lon, lat] = row.point_lonlat;
    const inner = this.map.getBounds().pad(-0.1);
    if (this.map.getZoom() < 13 || !inner.contains([lat, lon])) this.map.setView([lat, lon], Math.max(MIDDLE_ZOOM, Math.min(this.map.getZoom(), NEAR_ZOOM)), { animate: false });
  }

  // Where the words of a matter without a point were confirmed to mean: the whole disc, for a pin would claim more.
  place({ id, point_lonlat, assignment }) {
    this.disc?.remove();
    const meant = point_lonlat ? null : assignment?.place;
    const isNew = this.placed !== id;
    this.placed = id;
    if (!this.map || !meant?.point) return;
    const at = L.latLng(meant.point.lat, meant.point.lon);
    this.disc = L.circle(at, { radius: meant.radius_m, color: "#7a2a8c", weight: 2, fillOpacity: 0.1, interactive: false });
    this.disc.bindTooltip(meant.name, { permanent: true, direction: "center", className: "way" }).addTo(this.map);
    if (isNew) this.map.fitBounds(at.toBounds(2.4 * meant.radius_m), { maxZoom: NEAR_ZOOM, animate: false });
  }

  // Candidates of a panel, with the way from the event to the one in hand.
  offer(row, candidates, chosen = 0) {
    this.clear();
    if (!this.map) return;
    const from = row?.point_lonlat;
    candidates.forEach((one, at) => {
      if (!one.point_lonlat) return;
      const [lon, lat] = one.point_lonlat;
      const inHand = at === chosen;
      if (inHand && from) this.#way(from, one);
      if (one.radius_m) this.offered.push(L.circle([lat, lon], { radius: one.radius_m, color: "#7a2a8c", weight: inHand ? 2 : 1, fillOpacity: inHand ? 0.1 : 0.03, interactive: false }).addTo(this.map));
    });
    for (const heap of heaps(candidates)) this.#offered(candidates, heap, chosen);
    this.#fit(from, candidates[chosen]);
  }

  // Those of one place, as those who work in one grid, stand in one mark with all their numbers; each press takes the next.
  #offered(candidates, heap, chosen) {
    const inHand = heap.includes(chosen);
    const next = inHand ? heap[(heap.indexOf(chosen) + 1) % heap.length] : heap[0];
    const numbers = heap.length > 2 ? `${heap[0] + 1}, ${heap[1] + 1} …` : heap.map((at) => at + 1).join(", ");
    const icon = L.divIcon({ className: `offer${inHand ? " chosen" : ""}`, html: el("span", { text: inHand ? String(chosen + 1) : numbers }), iconSize: null });
    const [lon, lat] = candidates[heap[0]].point_lonlat;
    const title = heap.map((at) => `${at + 1} ${candidates[at].title}`).join(this.config.words.comma);
    const mark = L.marker([lat, lon], { icon, title, alt: title, keyboard: false, zIndexOffset: 2000 - heap[0] + (inHand ? 1000 : 0) });
    this.offered.push(mark.on("click", () => this.onOffered(next)).addTo(this.map));
  }

  // The grids between which a place is to be decided, by their numbers, and the disc that the report's accuracy leaves.
  between(row, accuracy_m, grids) {
    if (!this.map || !row.point_lonlat) return;
    const at = L.latLng(row.point_lonlat[1], row.point_lonlat[0]);
    const keep = (layer) => this.offered.push(layer.addTo(this.map));
    this.map.fitBounds(at.toBounds(Math.max(4 * (accuracy_m || 0), LEAST_SEEN_M)), { maxZoom: 18, animate: false });
    if (accuracy_m) keep(L.circle(at, { radius: accuracy_m, color: "#7a2a8c", weight: 2, fillOpacity: 0.15, interactive: false }));
    const view = this.map.getBounds().pad(-0.08);
    grids.forEach(({ shape, number, chosen }) => {
      keep(L.geoJSON(shape, { interactive: false, style: { color: "#0b5cad", weight: chosen ? 3 : 1.5, dashArray: chosen ? null : "5 5", fillOpacity: chosen ? 0.08 : 0 } }));
      const where = middleInView(shape.geometry, view);
      if (where) keep(L.tooltip(where, { content: String(number), permanent: true, direction: "center", className: "way" }));
    });
  }

  #way(from, one) {
    const [lon, lat] = one.point_lonlat;
    const way = L.polyline([[from[1], from[0]], [lat, lon]], { color: "#0b5cad", weight: 3, dashArray: "6 6", interactive: false });
    const said = !one.distance_m ? one.title : fill(this.config.words.way, { title: one.title, distance: metres(one.distance_m, this.config.words) });
    this.offered.push(way.bindTooltip(said, { permanent: true, direction: "top", offset: [0, -16], className: "way" }).addTo(this.map));
  }

  #fit(from, one) {
    const points = [from, one?.point_lonlat].filter(Boolean).map(([lon, lat]) => [lat, lon]);
    if (!points.length) return;
    const bounds = L.latLngBounds(points);
    if (one?.radius_m && one.point_lonlat) bounds.extend(L.latLng(one.point_lonlat[1], one.point_lonlat[0]).toBounds(2.2 * one.radius_m));
    this.map.fitBounds(bounds, { maxZoom: NEAR_ZOOM, padding: [50, 50], animate: false });
  }

  clear() {
    this.offered.forEach((mark) => mark.remove());
    this.offered = [];
  }
}

// Where the number of a grid is read: amid what of it is in view, for its own middle may lie far outside.
function middleInView({ type, coordinates }, view) {
  const rings = (type === "Polygon" ? [coordinates] : coordinates).flat();
  const [west, south, east, north] = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
  const steps = [...Array(SAMPLES).keys()].map((step) => (step + 0.5) / SAMPLES);
  const points = steps.flatMap((x) => steps.map((y) => [west + x * (east - west), south + y * (north - south)])).filter((point) => isWithin(rings, point));
  if (!points.length) return null;
  const mean = [0, 1].map((side) => points.reduce((sum, point) => sum + point[side], 0) / points.length);
  const apart = ([lon, lat]) => Math.hypot((lon - mean[0]) / (east - west), (lat - mean[1]) / (north - south));
  const [lon, lat] = points.reduce((best, point) => (apart(point) < apart(best) ? point : best));
  return [lat, lon];
}

// By how many sides of the rings lie west of a point: an odd number is within.
function isWithin(rings, [x, y]) {
  const crosses = ([ax, ay], [bx, by]) => ay > y !== by > y && x > ax + ((bx - ax) * (y - ay)) / (by - ay);
  return rings.flatMap((ring) => ring.slice(1).filter((end, at) => crosses(ring[at], end))).length % 2 === 1;
}

// The numbers of candidates by their place.
function heaps(candidates) {
  const found = new Map();
  candidates.forEach(({ point_lonlat }, at) => point_lonlat && found.set(String(point_lonlat), [...(found.get(String(point_lonlat)) || []), at]));
  return found.values();
}

export function metres(value, words) {
  if (value < 1000) return fill(words.metres, { n: Math.round(value).toLocaleString("en") });
  return fill(words.kilometres, { n: (value / 1000).toFixed(value < 10_000 ? 1 : 0) });
}
