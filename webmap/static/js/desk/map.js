// The map beside the list: the rows of the queue by their light, the selected one, and whom or what a panel offers for it.

import { addZoom } from "../small_map/zoom.js";
import { el, fill, SHAPES } from "./dom.js";

const line = (color, weight, more = {}) => ({ color, weight, fill: false, ...more });
const DRAWN = {
  district: line("#3a4652", 2.5),
  townships: line("#66717d", 1.5),
  base_grids: line("#a3adb8", 1),
  roads: line("#d9cdb8", 1.5),
  water: line("#b3d0e0", 1, { fill: true, fillColor: "#cfe2ee", fillOpacity: 1 }),
};
const STYLES = new Proxy(DRAWN, { get: (drawn, name) => drawn[name] ?? [] });
const NEAR_ZOOM = 16;

export class DeskMap {
  constructor(host, { config, onChosen, onOffered }) {
    Object.assign(this, { host, config, onChosen, onOffered, pins: new Map(), offered: [] });
    if (!window.L) {
      host.append(el("p", { class: "face", text: config.words.no_map }));
      return;
    }
    const [lon, lat] = config.centre;
    this.map = L.map(host, { center: [lat, lon], zoom: 11, minZoom: 7, maxZoom: 18, attributionControl: false, zoomControl: false, keyboard: false });
    addZoom(this.map, config.words);
    L.control.scale({ imperial: false }).addTo(this.map);
    if (L.vectorGrid) {
      const options = { tileSize: 1024, rendererFactory: L.canvas.tile, vectorTileLayerStyles: STYLES, interactive: false };
      L.vectorGrid.protobuf(config.tiles, options).addTo(this.map);
    }
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(host);
  }

  // Rows as pins: colour, shape and, to who hovers, word.
  show(rows, selected) {
    if (!this.map) return;
    this.selected = selected;
    const there = new Set();
    for (const row of rows) {
      if (!row.point_lonlat) continue;
      there.add(row.id);
      this.#pin(row, row.id === selected);
    }
    for (const [id, pin] of this.pins) {
      if (there.has(id)) continue;
      pin.remove();
      this.pins.delete(id);
    }
  }

  #pin(row, chosen) {
    const code = row.closed_at ? "grey" : SHAPES[row.light] ? row.light : "grey";
    const drawn = `${code} ${chosen} ${row.danger} ${row.point_lonlat}`;
    const known = this.pins.get(row.id);
    if (known?.drawn === drawn) return;
    known?.remove();
    const size = chosen ? 34 : 22;
    const icon = L.divIcon({ className: `pin ${code}${chosen ? " chosen" : ""}${row.danger ? " danger" : ""}`, html: SHAPES[code], iconSize: [size, size] });
    const [lon, lat] = row.point_lonlat;
    const layer = { red: 300, amber: 200, green: 100, grey: 0 }[code] + (chosen ? 1000 : 0);
    const title = `${row.number} ${row.category?.title || row.kind.title} · ${this.config.words.lights[code]}`;
    const pin = L.marker([lat, lon], { icon, title, alt: title, keyboard: false, zIndexOffset: layer }).on("click", () => this.onChosen(row.id));
    pin.drawn = drawn;
    this.pins.set(row.id, pin.addTo(this.map));
  }

  // Goes to the selected one unless it is in view already.
  follow(row) {
    if (!this.map || !row?.point_lonlat) return;
    const [lon, lat] = row.point_lonlat;
    const inner = this.map.getBounds().pad(-0.1);
    if (this.map.getZoom() < 13 || !inner.contains([lat, lon])) this.map.setView([lat, lon], Math.max(this.map.getZoom(), 14), { animate: false });
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
      const icon = L.divIcon({ className: `offer${inHand ? " chosen" : ""}`, html: String(at + 1), iconSize: [26, 26] });
      const mark = L.marker([lat, lon], { icon, title: one.title, alt: one.title, keyboard: false, zIndexOffset: 2000 - at });
      this.offered.push(mark.on("click", () => this.onOffered(at)).addTo(this.map));
      if (one.radius_m) this.offered.push(L.circle([lat, lon], { radius: one.radius_m, color: "#7a2a8c", weight: inHand ? 2 : 1, fillOpacity: inHand ? 0.1 : 0.03, interactive: false }).addTo(this.map));
    });
    this.#fit(from, candidates[chosen]);
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

export function metres(value, words) {
  if (value < 1000) return fill(words.metres, { n: Math.round(value).toLocaleString("en") });
  return fill(words.kilometres, { n: (value / 1000).toFixed(value < 10_000 ? 1 : 0) });
}
