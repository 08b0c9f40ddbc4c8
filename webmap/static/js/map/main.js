// The map page: puts its parts together.

import { InlineSource, TileSource } from "./sources.js";
import { Ground } from "./ground.js";
import { Marks } from "./marks.js";
import { buildPanel, hintCloser } from "./panel.js";
import { Search } from "./search.js";
import { Details } from "./details.js";
import { Live } from "./live.js";

const FIT = { small: [8, 120], wide: [24, 28] };
const SINGLE_ZOOM = 16;
const AROUND = 0.6; // of the district's size: how far beyond it the map can be moved
const AROUND_BESIDE_REPORT = 4; // a report covers much of the page, and what it covers is no room for the district
const COUNT_AGAIN_MS = 2000;

// Which layers are drawn, and with which choice within them.
class State {
  constructor({ layers, points, set }) {
    this.layers = layers;
    this.points = points || {};
    this.first = set || "all"; // the tile set of the first view
    this.on = new Set(layers.filter((layer) => layer.atOnce).map((layer) => layer.name));
    this.chosen = {};
    this.openOnly = false;
    this.selected = null;
  }

  isOn(layer) {
    return this.on.has(layer.name);
  }

  isShown(layer, zoom) {
    return this.on.has(layer.name) && zoom >= layer.fromZoom;
  }

  set(layer, on) {
    if (on) this.on.add(layer.name);
    else this.on.delete(layer.name);
  }

  choice(layer) {
    return this.chosen[layer.name] ?? layer.choices?.[0].value;
  }

  choose(layer, value) {
    this.chosen[layer.name] = value;
  }

  // One of the things to choose of a layer, such as the minutes of circles, and all of them as one key.
  value(layer, chooser) {
    return this.chosen[`${layer.name}.${chooser.name}`] ?? chooser.start;
  }

  setValue(layer, chooser, value) {
    this.chosen[`${layer.name}.${chooser.name}`] = value;
  }

  key(layer) {
    return (layer.choosers || []).map((chooser) => this.value(layer, chooser)).join("-");
  }

  query(layer) {
    if (layer.choices) return `?${layer.choiceName}=${this.choice(layer)}`;
    if (!layer.choosers) return "";
    return `?${layer.choosers.map((chooser) => `${chooser.name}=${this.value(layer, chooser)}`).join("&")}`;
  }

  // The tile sets that are needed now: the one of the first view, and one each for what is on demand.
  sets() {
    const asked = this.layers.filter((layer) => layer.set && this.isOn(layer));
    return [
      { set: this.first, query: "" },
      ...asked.map((layer) => ({ set: layer.set, query: this.query(layer) })),
    ];
  }
}

async function json(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw Object.assign(new Error(`${answer.status}`), { status: answer.status });
  return answer.json();
}

class Page {
  constructor(map, config) {
    this.map = map;
    this.config = config;
    const formatter = new Intl.NumberFormat(config.language, { notation: "compact", maximumFractionDigits: 1 });
    const family = getComputedStyle(document.documentElement).getPropertyValue("--font");
    this.words = { ...config.words, font: family, number: (n) => (n < 10000 ? String(n) : formatter.format(n)) };
    this.state = new State(config);
    this.bounds = L.latLngBounds([config.bounds[1], config.bounds[0]], [config.bounds[3], config.bounds[2]]);
    // what tiles are asked for: as far as the district reaches, which may be more than the first view
    this.extent = config.extent ? L.latLngBounds([config.extent[1], config.extent[0]], [config.extent[3], config.extent[2]]) : this.bounds;
    this.source = config.inline ? new InlineSource(config.inline) : new TileSource(config.tiles);
  }

  start() {
    const { map, config } = this;
    map.setMaxBounds(L.latLngBounds(this.extent.getSouthWest(), this.extent.getNorthEast()).extend(this.bounds).pad(this.around())); // before the first view: it would round the zoom
    this.fit();
    this.ground = new Ground(this.source, this.state, { bounds: this.extent.pad(0.02), minZoom: config.firstZoom, maxZoom: config.lastZoom });
    this.marks = new Marks(this.ground, this.state, this.words);
    this.status = document.querySelector("#map-status");
    this.ground.on("loading", () => this.tell("loading"));
    this.ground.on("load", () => this.loaded());
    this.ground.on("tilefail", () => this.tell("failed"));
    this.ground.addTo(map);
    this.marks.addTo(map);
    L.control.zoom({ position: "bottomright", zoomInTitle: this.words.zoomIn, zoomOutTitle: this.words.zoomOut }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    map.on("click", (event) => this.click(event));
    map.getContainer().addEventListener("keydown", (event) => this.key(event));
    this.parts();
    if (config.stream) this.live();
    this.openAsked();
  }

  around() {
    return document.querySelector("#import-report") ? AROUND_BESIDE_REPORT : AROUND;
  }

  // The district as large as fits beside the panel.
  fit() {
    const wide = this.map.getSize().x > 900;
    const panel = document.querySelector("#map-panel").getBoundingClientRect();
    const report = document.querySelector("#import-report")?.getBoundingClientRect();
    const [side, top] = wide ? FIT.wide : FIT.small;
    const options = wide
      ? { paddingTopLeft: [side + (report ? report.right : 0), top], paddingBottomRight: [panel.width + side, top] }
      : { paddingTopLeft: [side, report ? 92 : top], paddingBottomRight: [side, report ? report.height + side : 88] };
    // The first view may stand between two zooms, to fill the page; from the next step on zooms are whole.
    this.map.options.zoomSnap = 0.25;
    this.map.fitBounds(this.bounds, { ...options, animate: false });
    if (this.map.getZoom() % 1 === 0.25) this.map.setZoom(Math.floor(this.map.getZoom()), { animate: false });
    this.map.options.zoomSnap = 1;
  }

  parts() {
    const { words, config } = this;
    const layers = document.querySelector("#map-layers");
    const hint = () => hintCloser(layers, Math.round(this.map.getZoom()));
    const changed = () => {
      hint();
      this.ground.repaint();
      this.marks.later();
    };
    buildPanel(layers, this.state, words, changed);
    hint();
    this.map.on("zoomend", hint);
    const panel = document.querySelector("#map-panel");
    const opener = document.querySelector("#map-panel-open");
    opener.addEventListener("click", () => {
      const open = panel.classList.toggle("open");
      opener.setAttribute("aria-expanded", String(open));
    });
    this.details = new Details(document.querySelector("#map-card"), words, () => this.select(null));
    const input = document.querySelector("#map-search");
    if (config.search) {
      const list = document.querySelector("#map-found");
      const find = async (text) => (await json(`${config.search}?q=${encodeURIComponent(text)}`)).found;
      new Search(input, list, words, find, (item) => this.goTo(item));
    }
  }

  // -- opening --------------------------------------------------------------------------------------------------------

  click(event) {
    const hit = this.marks.markAt(event.containerPoint);
    if (hit) return this.openMark(hit, event.latlng);
    return this.openArea(event.latlng);
  }

  // Enter opens what lies under the middle of the map, for those who move it with keys.
  key(event) {
    if (event.key !== "Enter" || event.target !== this.map.getContainer()) return;
    const middle = this.map.getSize().divideBy(2);
    this.click({ containerPoint: middle, latlng: this.map.containerPointToLatLng(middle) });
  }

  openMark(hit, latlng) {
    const zoom = Math.round(this.map.getZoom());
    if (hit.layer === "events" && zoom < SINGLE_ZOOM) {
      return this.map.setView(latlng, Math.min(SINGLE_ZOOM, zoom + (hit.count > 20 ? 2 : 3)));
    }
    if (hit.count > 1) return this.map.setView(latlng, zoom + 1); // closed events too many for one tile
    if (this.state.points[hit.layer]) return this.openOwn(hit);
    const pathOf = { events: "events", stations: "stations" }[hit.layer];
    const place = this.map.layerPointToLatLng(L.point(hit.x, hit.y).add(this.marks.origin).subtract(this.map.getPixelOrigin()));
    this.select({ layer: hit.layer, code: hit.properties.code, lonlat: [place.lng, place.lat] });
    return this.details.open(() => this.card(pathOf, hit.properties, hit.layer));
  }

  // Opens a point that stands in the page itself.
  openOwn({ layer, properties }) {
    const { lonlat } = this.state.points[layer].find((point) => point.code === properties.code);
    const kind = this.state.layers.find((one) => one.name === layer).title;
    this.select({ layer, code: properties.code, lonlat });
    return this.details.open(async () => ({ kind, title: properties.name, rows: [], notes: [properties.text] }));
  }

  openArea(latlng) {
    for (const layer of [...this.state.layers].reverse()) {
      if (!layer.pick || !this.state.isShown(layer, this.map.getZoom())) continue;
      const properties = this.ground.areaAt(latlng, layer);
      if (!properties) continue;
      this.select({ layer: layer.name, code: properties.code });
      return this.details.open(() => this.card("grids", properties, layer.name));
    }
    if (!this.details.host.hidden) this.details.close();
    return null;
  }

  // The card from the server, or, in a page without one, from what the map itself knows.
  async card(path, properties, layerName) {
    if (!this.config.inline && layerName !== "hotspots") return json(`/${path}/${encodeURIComponent(properties.code)}`);
    const layer = this.state.layers.find((one) => one.name === layerName);
    const shown = layer.popup.filter((field) => properties[field.prop] !== undefined && properties[field.prop] !== null);
    const rows = shown.map((field) => ({ label: field.label, value: String(field.values?.[properties[field.prop]] ?? properties[field.prop]) }));
    return { kind: layer.title, title: properties.name || properties.number || properties.code, rows };
  }

  select(chosen) {
    this.state.selected = chosen;
    this.marks.later();
  }

  // Room for the card: beside the map on a desk, below it on a phone.
  besideCard() {
    const size = this.map.getSize();
    if (size.x > 900) return { paddingTopLeft: [390, 60], paddingBottomRight: [290, 60] };
    return { paddingTopLeft: [24, 130], paddingBottomRight: [24, Math.round(size.y * 0.46) + 90] };
  }

  // Shows something found, and opens it.
  async goTo({ type, code, bbox }) {
    const path = { grid: "grids", event: "events", station: "stations" }[type];
    const [west, south, east, north] = bbox || [];
    if (bbox) this.map.fitBounds([[south, west], [north, east]], { maxZoom: type === "grid" ? 15 : 17, ...this.besideCard(), animate: false });
    if (!path) return;
    const chosen = type === "grid" ? { layer: "base_grids", code } : { layer: path, code, lonlat: bbox && [west, south] };
    if (type === "grid" || bbox) this.select(chosen);
    await this.details.open(() => json(`/${path}/${encodeURIComponent(code)}`));
  }

  async openAsked() {
    const asked = this.config.asked;
    if (!asked) return;
    const path = { grid: "grids", event: "events", station: "stations" }[asked.type];
    const card = await this.details.open(() => json(`/${path}/${encodeURIComponent(asked.code)}`));
    if (card?.bbox) this.goTo({ ...asked, bbox: card.bbox });
  }

  // -- live -----------------------------------------------------------------------------------------------------------

  live() {
    this.stream = new Live(this.config.stream, this.config, {
      onSteps: async ({ tiles16 }, since) => {
        this.countAgain();
        try {
          await this.ground.refreshEvents(tiles16, since);
          this.marks.flash(tiles16);
          document.documentElement.dataset.since = since;
        } catch {
          this.tell("failed");
        }
      },
      onRepeated: (tiles16, since) => this.ground.refreshEvents(tiles16, since).catch(() => this.tell("failed")),
      // a moment later: the server that keeps tiles has to hear of it too, and not all pages ask at once
      onReload: () => setTimeout(() => this.ground.redraw(), 1000 + Math.random() * 1000),
      onState: (state, age) => this.tellLive(state, age),
    });
  }

  // How many wait to be placed, asked for a moment after something happened.
  countAgain() {
    if (this.counting) return;
    this.counting = setTimeout(async () => {
      this.counting = null;
      const told = await json("/unplaced/count").catch(() => null); // the next step asks again
      if (told) document.querySelector("#map-unplaced").textContent = `${this.words.toBePlaced} ${told.count.toLocaleString("en")}`;
    }, COUNT_AGAIN_MS);
  }

  tellLive(state, age) {
    const host = document.querySelector("#map-live");
    host.dataset.state = state;
    const seconds = Math.round(age / 1000);
    const old = seconds < 120 ? this.words.secondsAgo.replace("{n}", seconds) : this.words.minutesAgo.replace("{n}", Math.round(seconds / 60));
    host.textContent = `${this.words.live[state]} · ${old}`;
    document.documentElement.classList.toggle("is-stale", state === "stale");
  }

  // -- faces ----------------------------------------------------------------------------------------------------------

  tell(face) {
    this.status.dataset.face = face;
    this.status.textContent = this.words.faces[face] || "";
    this.status.hidden = !this.status.textContent;
  }

  loaded() {
    const empty = this.ground.current().every((entry) => !Object.values(entry.layers).some((data) => data.features.length));
    if (this.status.dataset.face === "failed" && this.ground.failed) this.ground.failed = 0;
    else this.tell(empty ? "empty" : "ready");
    this.marks.draw();
    document.documentElement.dataset.mapReady = String(Math.round(performance.now()));
  }
}

const config = JSON.parse(document.querySelector("#geogrid-config").textContent);
const page = new Page(window.geogridMap, config);
page.start();
window.geogridPage = page;
