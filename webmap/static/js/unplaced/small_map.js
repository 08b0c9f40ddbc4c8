// One small map that stands beside the row at work: the candidates with their number, and the disc that each stands for.

import { addZoom } from "../small_map/zoom.js";

const line = (color, weight, fill = {}) => ({ color, weight, fill: false, ...fill });
const DRAWN = {
  district: line("#3a4652", 2.5),
  townships: line("#66717d", 1.5),
  base_grids: line("#5d6a77", 1),
  roads: line("#c9b896", 1.5),
  water: line("#9cc3d8", 1, { fill: true, fillColor: "#cfe2ee", fillOpacity: 1 }),
};
const STYLES = new Proxy(DRAWN, { get: (drawn, name) => drawn[name] ?? [] });

export class SmallMap {
  constructor(host, config, onChosen) {
    Object.assign(this, { host, config, onChosen, marks: [] });
  }

  hide() {
    if (this.host) this.host.hidden = true;
  }

  show(row, places) {
    if (!this.host || !window.L) return;
    this.host.hidden = !places.length;
    if (!places.length) return;
    row.append(this.host);
    this.#open();
    this.marks.forEach((mark) => mark.remove());
    this.marks = places.flatMap((place, at) => this.#mark(row, place, at + 1));
    this.map.invalidateSize({ animate: false });
    const [first, ...others] = places; // the likeliest whole; of the others where they are, or a township would fill the map
    const bounds = L.latLng(first.point.lat, first.point.lon).toBounds(2.4 * first.radius_m);
    for (const { point, confidence } of others) if (confidence >= 0.3) bounds.extend([point.lat, point.lon]);
    this.map.fitBounds(bounds, { maxZoom: 16, animate: false, padding: [8, 8] });
  }

  #open() {
    if (this.map) return;
    const [lon, lat] = this.config.centre;
    this.map = L.map(this.host, { center: [lat, lon], zoom: 11, minZoom: 7, maxZoom: 18, attributionControl: false, zoomControl: false, keyboard: false });
    addZoom(this.map, this.config.words);
    if (L.vectorGrid) {
      L.vectorGrid
        .protobuf(this.config.tiles, { tileSize: 1024, rendererFactory: L.canvas.tile, vectorTileLayerStyles: STYLES, interactive: false })
        .addTo(this.map);
    }
  }

  #mark(row, { point, radius_m }, number) {
    const at = [point.lat, point.lon];
    const first = number === 1;
    const disc = L.circle(at, { radius: radius_m, color: "#7a2a8c", weight: first ? 2 : 1, fillOpacity: first ? 0.12 : 0.04, interactive: false });
    const icon = L.divIcon({ className: "number", html: String(number), iconSize: [26, 26] });
    const mark = L.marker(at, { icon, keyboard: false, zIndexOffset: 100 - number }).on("click", () => this.onChosen(row, number));
    return [disc.addTo(this.map), mark.addTo(this.map)];
  }
}
