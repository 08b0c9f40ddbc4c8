// Points, clusters, names and the selection: one canvas over the whole view, so that nothing is cut at the edge of a tile.

import { TILE_PX } from "./sources.js";
import { LABEL_ORDER, Placer, aroundHeart, besidePoint, furtherOut, labelStyle, spreadDiscs } from "./labels.js";
import { cluster, clusterRadius, colour, mark, ruleFor } from "./symbols.js";

const PAD = 0.15; // of the view, on each side: room to drag before the next drawing
const QUIET_SIZE = 0.6; // of clusters while hotspots are shown
const QUIET_ALPHA = 0.55;
const FLASH_MS = 6000;
const TOUCH_PX = 12;
const WORLD_M = 40075016.685578488;
const MERCATOR_PX = (zoom) => (256 * 2 ** zoom) / WORLD_M;

export const Marks = L.Layer.extend({
  initialize(ground, state, words) {
    this.ground = ground;
    this.state = state;
    this.words = words;
    this.hits = [];
    this.flashes = [];
  },

  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated map-marks");
    map.getPane("overlayPane").appendChild(this.canvas);
    this.ground.on("tiledata", this.later, this);
    this.later();
  },

  onRemove() {
    this.canvas.remove();
    this.ground.off("tiledata", this.later, this);
  },

  getEvents() {
    return { moveend: this.draw, move: this.later, zoomanim: this.animate, resize: this.later };
  },

  later() {
    if (!this.waiting) {
      this.waiting = requestAnimationFrame(() => {
        this.waiting = null;
        this.draw();
      });
    }
  },

  animate({ zoom, center }) {
    if (!this.bounds) return;
    const scale = this._map.getZoomScale(zoom, this.zoom);
    const offset = this._map._latLngBoundsToNewLayerBounds(this.bounds, zoom, center).min;
    L.DomUtil.setTransform(this.canvas, offset, scale);
  },

  // -- drawing --------------------------------------------------------------------------------------------------------

  draw() {
    const map = this._map;
    if (!map || map._animatingZoom) return;
    const size = map.getSize();
    const pad = size.multiplyBy(PAD).round();
    const corner = map.containerPointToLayerPoint(pad.multiplyBy(-1)).round();
    const whole = size.add(pad.multiplyBy(2));
    this.bounds = L.latLngBounds(map.layerPointToLatLng(corner), map.layerPointToLatLng(corner.add(whole)));
    this.zoom = map.getZoom();
    this.level = this.ground._tileZoom ?? Math.round(this.zoom); // of the tiles, a whole number
    this.scale = map.getZoomScale(this.zoom, this.level);
    this.origin = corner.add(map.getPixelOrigin());
    const context = this.prepare(whole, corner);
    const placer = new Placer();
    this.hits = [];
    this.drawSelection(context);
    this.drawPoints(context, placer, whole);
    this.drawNames(context, placer, whole);
    this.drawFlashes(context);
    this.drawn = performance.now();
  },

  prepare(whole, corner) {
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== whole.x * ratio || this.canvas.height !== whole.y * ratio) {
      this.canvas.width = whole.x * ratio;
      this.canvas.height = whole.y * ratio;
      this.canvas.style.width = `${whole.x}px`;
      this.canvas.style.height = `${whole.y}px`;
    }
    L.DomUtil.setPosition(this.canvas, corner);
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, whole.x, whole.y);
    context.textBaseline = "middle";
    return context;
  },

  // Every point feature of the tile layer `name`, once, with its place on the canvas.
  pointsOf(name) {
    if (this.state.points[name]) return this.state.points[name].map((point) => this.ownPoint(point));
    const found = new Map();
    for (const entry of this.ground.current()) {
      const data = entry.layers[name];
      if (!data) continue;
      const side = TILE_PX * this.scale;
      for (const feature of data.features) {
        if (feature.type !== 1 || found.has(feature.properties.code)) continue;
        const at = feature.geometry[0][0];
        const x = (entry.coords.x + at.x / data.extent) * side - this.origin.x;
        const y = (entry.coords.y + at.y / data.extent) * side - this.origin.y;
        found.set(feature.properties.code, { x, y, properties: feature.properties });
      }
    }
    return [...found.values()];
  },

  // A point that stands in the page itself.
  ownPoint({ lonlat, ...properties }) {
    const at = this._map.project([lonlat[1], lonlat[0]], this.zoom).subtract(this.origin);
    return { x: at.x, y: at.y, properties };
  },

  drawPoints(context, placer, whole) {
    const inside = ({ x, y }) => x > -40 && y > -40 && x < whole.x + 40 && y < whole.y + 40;
    for (const layer of this.state.layers) {
      if (!this.state.isShown(layer, this.level)) continue;
      const points = this.pointsOf(layer.name).filter(inside);
      if (layer.name === "events") this.drawEvents(context, placer, layer, points);
      else for (const point of points) this.drawPoint(context, placer, layer, point);
    }
  },

  drawPoint(context, placer, layer, { x, y, properties }) {
    const found = ruleFor(layer, properties);
    if (!found || this.level < found.rule.fromZoom || found.rule.symbol.shape === "area") return;
    const symbol = found.rule.symbol;
    const r = symbol.radius * (this.level <= 10 ? 0.75 : this.level >= 14 ? 1.35 : 1);
    mark(context, symbol, x, y, r);
    placer.take(x, y, r + 1, r + 1);
    if (layer.pick) this.hits.push({ x, y, r, layer: layer.name, properties });
  },

  drawEvents(context, placer, layer, points) {
    const openOnly = this.state.openOnly;
    const shown = points
      .map((p) => ({ ...p, open: p.properties.open, closed: openOnly ? 0 : (p.properties.closed ?? 1 - p.properties.open) }))
      .filter((p) => p.open + p.closed > 0)
      .sort((a, b) => b.open + b.closed - a.open - a.closed);
    // under clusters of full size the bands of hotspots would not be seen
    const quiet = this.state.layers.some((one) => one.name === "hotspots" && this.state.isShown(one, this.level));
    for (const disc of shown) disc.r = clusterRadius(disc.open + disc.closed) * (quiet ? QUIET_SIZE : 1);
    if (this.level < 16) spreadDiscs(shown);
    for (const { x, y, r, open, closed, properties } of shown) {
      cluster(context, { x, y, r, open, closed }, this.words, quiet ? QUIET_ALPHA : 1);
      placer.take(x, y, r, r);
      this.hits.push({ x, y, r, layer: "events", properties, count: open + closed });
    }
  },

  drawNames(context, placer, whole) {
    for (const name of LABEL_ORDER) {
      const layer = this.state.layers.find((one) => one.name === name);
      if (!layer || !layer.label || !this.state.isShown(layer, this.level) || this.level < layer.labelFromZoom) continue;
      const style = labelStyle(name, this.words.font);
      context.font = style.css;
      context.textAlign = "center";
      for (const source of [`${name}-label`, name]) {
        for (const point of this.pointsOf(source)) this.drawName(context, placer, style, point, source !== name, whole);
      }
    }
  },

  drawName(context, placer, style, { x, y, properties }, isArea, whole) {
    const text = properties.name;
    if (!text || x < 0 || y < 0 || x > whole.x || y > whole.y) return;
    const width = context.measureText(text).width;
    const reach = isArea ? properties.r * MERCATOR_PX(this.zoom) : 0;
    if (isArea && width > reach * 2.6 && !style.always) return;
    const offsets = style.always ? furtherOut(width, style.size) : isArea ? aroundHeart(reach) : besidePoint(width, style.size, 4);
    const at = placer.place(x, y, width + 6, style.size + 4, offsets);
    if (!at) return;
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = colour("halo");
    context.strokeText(text, at[0], at[1]);
    context.fillStyle = colour(style.colour === "water-line" ? "place" : style.colour);
    context.fillText(text, at[0], at[1]);
  },

  // -- the selection --------------------------------------------------------------------------------------------------

  drawSelection(context) {
    const chosen = this.state.selected;
    if (!chosen) return;
    if (chosen.lonlat) return this.drawRing(context, chosen.lonlat);
    for (const entry of this.ground.current()) {
      const data = entry.layers[chosen.layer];
      const parts = data && data.features.filter((f) => f.type === 3 && f.properties.code === chosen.code);
      if (parts && parts.length) this.outline(context, entry, data, parts);
    }
  },

  outline(context, entry, data, features) {
    const side = TILE_PX * this.scale;
    const scale = side / data.extent;
    const [left, top] = [entry.coords.x * side - this.origin.x, entry.coords.y * side - this.origin.y];
    context.save();
    context.beginPath();
    context.rect(left, top, side, side); // what was cut at the edge of the tile must not show as a border
    context.clip();
    context.beginPath();
    for (const feature of features) {
      for (const part of feature.geometry) {
        part.forEach((p, i) => context[i ? "lineTo" : "moveTo"](left + p.x * scale, top + p.y * scale));
        context.closePath();
      }
    }
    context.lineJoin = "round";
    for (const [name, width] of [["halo", 7], ["selected", 3]]) {
      context.strokeStyle = colour(name);
      context.lineWidth = width;
      context.stroke();
    }
    context.restore();
  },

  drawRing(context, lonlat) {
    const at = this._map.project([lonlat[1], lonlat[0]], this.zoom).subtract(this.origin);
    for (const [name, width] of [["halo", 6], ["selected", 2.5]]) {
      context.beginPath();
      context.arc(at.x, at.y, 13, 0, 2 * Math.PI);
      context.strokeStyle = colour(name);
      context.lineWidth = width;
      context.stroke();
    }
  },

  // -- what just changed ----------------------------------------------------------------------------------------------

  // Rings the cells of zoom 16 in which something changed, for a few seconds.
  flash(cells) {
    const until = performance.now() + FLASH_MS;
    this.flashes.push(...cells.map(([x, y]) => ({ x, y, until })));
    this.later();
    setTimeout(() => this.later(), FLASH_MS + 50);
  },

  drawFlashes(context) {
    this.flashes = this.flashes.filter(({ until }) => until > performance.now());
    const scale = 2 ** (this.zoom - 16) * 256;
    for (const { x, y } of this.flashes) {
      const at = [(x + 0.5) * scale - this.origin.x, (y + 0.5) * scale - this.origin.y];
      context.beginPath();
      context.arc(at[0], at[1], Math.max(20, scale / 2), 0, 2 * Math.PI);
      context.lineWidth = 3;
      context.strokeStyle = colour("event-open");
      context.stroke();
    }
  },

  // Returns the mark at a point of the container, the nearest within a finger's breadth; null where there is none.
  markAt(containerPoint) {
    const at = this._map.containerPointToLayerPoint(containerPoint).add(this._map.getPixelOrigin()).subtract(this.origin);
    let best = null;
    for (const hit of this.hits) {
      const distance = Math.hypot(hit.x - at.x, hit.y - at.y) - hit.r;
      if (distance < TOUCH_PX && (!best || distance < best.distance)) best = { ...hit, distance };
    }
    return best && (best.distance <= 0 || best.distance < 6 || matchMedia("(pointer: coarse)").matches) ? best : null;
  },
});
