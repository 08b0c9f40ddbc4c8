// The light of every open matter in view, under the list's filters: each as a pin, or a mark with numbers where they are many.

import { el, fill, SHAPES } from "./dom.js";

const MOVED_MS = 200;
const AROUND = 0.15; // of the view: what lies just beyond its edge is there when the map is moved a little
const CLOSER = 2; // zooms, when a mark is pressed
const ORDER = { red: 300, amber: 200, green: 100, grey: 0 };
const WORST_FIRST = ["red", "amber", "green", "grey"];
const MOST = [180, 85]; // degrees that a box may name
const PIN_PX = 16; // nearer to each other than that, one hides much of the other
const DANGER_PX = 26; // with its ring
const MARK_PX = { height: 24, least: 36, digit: 8 };
const CHOSEN_PX = 38; // the chosen one with its ring
const APART_ZOOM = 17; // from here on each stands by itself, and who presses a heap takes one after another

export class Lights {
  constructor(map, { api, words, onDrawn }) {
    Object.assign(this, { map, api, words, onDrawn, pins: new Map(), cells: [], filter: null, asked: 0, chosen: "", chosenAt: null, found: { pins: [], cells: [] } });
    this.legend = this.#legend();
    map.on("moveend", () => this.reload());
  }

  // Reads what is in view again, soon: under `filter`, or under that of before. The map stays where it is.
  reload(filter = this.filter) {
    this.filter = filter;
    if (!filter) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.#load(), MOVED_MS);
  }

  async #load() {
    const number = ++this.asked;
    const box = this.map.getBounds().pad(AROUND);
    const sides = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
    const within = sides.map((side, at) => Math.max(-MOST[at % 2], Math.min(MOST[at % 2], side)).toFixed(5));
    try {
      const found = await this.api.get("/api/v1/desk/map", { ...this.filter, bbox: within.join(","), zoom: Math.round(this.map.getZoom()) });
      if (number !== this.asked) return; // the map was moved on meanwhile
      this.found = found;
      this.settle(this.chosen, this.chosenAt);
      this.#stale("");
      this.onDrawn();
    } catch (error) {
      if (number === this.asked) this.#stale(fill(this.words.lights_stale, { reason: this.api.told(error) }));
    }
  }

  // What would lie on one another is counted together: nothing hides under anything, and no number covers another.
  // The chosen one, at `chosenAt` (lon, lat), always stands by itself.
  settle(chosen, chosenAt = null) {
    Object.assign(this, { chosen, chosenAt });
    const { pins, cells } = this.found;
    const alone = pins.filter((pin) => pin.id !== chosen).map((pin) => ({ pin, counts: { red: 0, amber: 0, green: 0, grey: 0, [pin.light]: 1 }, danger: pin.danger, point_lonlat: pin.point_lonlat }));
    const marks = [...cells, ...alone].map((mark) => this.#measured(mark));
    const apart = this.map.getZoom() < APART_ZOOM ? together(marks, (mark) => this.#measured(mark)) : marks;
    const shown = [...apart.filter(({ pin }) => pin).map(({ pin }) => pin), ...pins.filter((pin) => pin.id === chosen)];
    this.pins = new Map(shown.map((pin) => [pin.id, pin]));
    for (const mark of this.cells) mark.remove();
    this.cells = apart.filter(({ pin }) => !pin).map((mark) => this.#cell(mark).addTo(this.map));
  }

  // A mark with its place and size in pixels.
  #measured(mark) {
    const [lon, lat] = mark.point_lonlat;
    const light = WORST_FIRST.find((code) => mark.counts[code]);
    const total = WORST_FIRST.reduce((sum, code) => sum + mark.counts[code], 0);
    const digits = String(mark.counts[light]).length + (mark.counts[light] === total ? 0 : 1 + String(total).length) + (mark.danger ? 2 : 0);
    const pin = mark.danger ? DANGER_PX : PIN_PX;
    const size = mark.pin ? { width: pin, height: pin } : { width: MARK_PX.least + MARK_PX.digit * digits, height: MARK_PX.height };
    const at = this.map.latLngToLayerPoint([lat, lon]);
    return { ...mark, ...size, light, total, at: mark.pin ? at : this.#beside(at, size) };
  }

  // Where a mark is drawn: at its place, or just above or below the chosen one that would hide it.
  #beside(at, { width, height }) {
    if (!this.chosenAt) return at;
    const chosen = this.map.latLngToLayerPoint([this.chosenAt[1], this.chosenAt[0]]);
    const apart = (height + CHOSEN_PX) / 2;
    if (Math.abs(at.x - chosen.x) >= (width + CHOSEN_PX) / 2 || Math.abs(at.y - chosen.y) >= apart) return at;
    return L.point(at.x, chosen.y + (at.y < chosen.y ? -apart : apart));
  }

  #cell({ counts, light, total, danger, at, point_lonlat: [lon, lat] }) {
    const told = WORST_FIRST.filter((code) => counts[code]).map((code) => fill(this.words.light_count, { light: this.words.lights[code], n: counts[code] }));
    const icon = L.divIcon({ className: `cell ${light}`, html: cellMark(light, counts[light], total, danger), iconSize: null });
    const title = fill(this.words.here, { n: total, lights: [...told, ...(danger ? [this.words.danger_means] : [])].join(this.words.comma) });
    const mark = L.marker(this.map.layerPointToLatLng(at), { icon, title, alt: title, keyboard: false, zIndexOffset: ORDER[light] - 50 });
    return mark.on("click", () => this.map.setView([lat, lon], Math.min(this.map.getMaxZoom(), Math.floor(this.map.getZoom()) + CLOSER), { animate: false }));
  }

  #legend() {
    const control = L.control({ position: "bottomright" });
    this.told = el("p", { class: "stale", role: "status", hidden: true });
    control.onAdd = () => {
      const rows = WORST_FIRST.map((code) => el("span", { class: `light ${code}` }, el("i", { text: SHAPES[code], "aria-hidden": "true" }), el("span", { text: this.words.lights[code] })));
      const cell = el("span", { class: "example" }, el("span", { class: "cell red" }, cellMark("red", 3, 25, false)), el("span", { text: this.words.cell_means }));
      const danger = el("span", { class: "example" }, el("span", { class: "ring" }), el("span", { text: this.words.danger_means }));
      return el("div", { class: "map-legend", role: "note", "aria-label": this.words.legend }, this.told, el("p", {}, rows), el("p", {}, cell, danger));
    };
    return control.addTo(this.map);
  }

  #stale(text) {
    this.told.textContent = text;
    this.told.hidden = !text;
  }
}

// "■ 3/25": how many of the worst light, of how many in all.
function cellMark(light, worst, total, danger) {
  return el("span", {}, el("i", { text: SHAPES[light], "aria-hidden": "true" }), el("b", { text: String(worst) }),
    worst === total ? null : el("span", { text: `/${total}` }), danger ? el("span", { class: "ring" }) : null);
}

// Joins marks until none lies on another; `measured` says the place and size of what was joined.
function together(marks, measured) {
  const apart = [];
  const waiting = [...marks];
  while (waiting.length) {
    const mark = waiting.pop();
    const at = apart.findIndex((other) => Math.abs(other.at.x - mark.at.x) < (other.width + mark.width) / 2 && Math.abs(other.at.y - mark.at.y) < (other.height + mark.height) / 2);
    if (at < 0) apart.push(mark);
    else waiting.push(measured(joined(apart.splice(at, 1)[0], mark)));
  }
  return apart;
}

function joined(one, other) {
  const counts = Object.fromEntries(WORST_FIRST.map((code) => [code, one.counts[code] + other.counts[code]]));
  const share = one.total / (one.total + other.total);
  return { counts, danger: one.danger || other.danger, point_lonlat: one.point_lonlat.map((side, at) => share * side + (1 - share) * other.point_lonlat[at]) };
}

export function raised(code, chosen) {
  return ORDER[code] + (chosen ? 1000 : 0);
}
