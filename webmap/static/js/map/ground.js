// Areas and lines: one canvas a tile. Points and names of the same tiles are drawn by marks.js over all of them.

import { TILE_PX } from "./sources.js";
import { colour, hatch, ruleFor, widthAt } from "./symbols.js";

function trace(path, geometry, scale, closed) {
  for (const part of geometry) {
    for (let i = 0; i < part.length; i += 1) {
      if (i) path.lineTo(part[i].x * scale, part[i].y * scale);
      else path.moveTo(part[i].x * scale, part[i].y * scale);
    }
    if (closed) path.closePath();
  }
}

// Paints one layer of a tile: a path a rule, filled and stroked at once, so that shared borders are drawn once.
function paintLayer(context, layer, data, zoom) {
  const scale = TILE_PX / data.extent;
  const paths = new Map();
  for (const feature of data.features) {
    const found = feature.type === 1 ? null : ruleFor(layer, feature.properties);
    if (!found || zoom < found.rule.fromZoom) continue;
    const key = `${found.index}/${feature.type}`;
    if (!paths.has(key)) paths.set(key, { path: new Path2D(), symbol: found.rule.symbol, area: feature.type === 3 });
    trace(paths.get(key).path, feature.geometry, scale, feature.type === 3);
  }
  const drawn = [...paths].sort(([a], [b]) => (a < b ? 1 : -1)); // the first rule, the most special, comes last and on top
  for (const [, item] of drawn) if (item.area) fill(context, item);
  for (const [, item] of drawn) stroke(context, item, zoom);
}

function fill(context, { path, symbol }) {
  if (!symbol.fill) return;
  context.globalAlpha = symbol.fillOpacity;
  context.fillStyle = symbol.shape === "hatch" ? hatch(context, symbol) : colour(symbol.fill);
  context.fill(path, "evenodd");
  context.globalAlpha = 1;
}

function stroke(context, { path, symbol }, zoom) {
  if (!symbol.stroke) return;
  context.lineWidth = widthAt(symbol, zoom);
  context.strokeStyle = colour(symbol.stroke);
  context.setLineDash(symbol.dash);
  context.lineJoin = "round";
  context.lineCap = symbol.dash.length ? "butt" : "round";
  context.stroke(path);
}

function crosses(part, x, y) {
  let inside = false;
  for (let i = 0, j = part.length - 1; i < part.length; j = i, i += 1) {
    const [a, b] = [part[i], part[j]];
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

// The tiles of 16 zooms that a notification names, seen from tile (z, x, y): does it lie in it or close to its edge?
function near(coords, [x16, y16]) {
  const shift = 2 ** (16 - coords.z + 2);
  const margin = 0.07;
  const [x, y] = [(x16 + 0.5) / shift - coords.x, (y16 + 0.5) / shift - coords.y];
  const reach = margin + 0.5 / shift;
  return x > -reach && x < 1 + reach && y > -reach && y < 1 + reach;
}

export const Ground = L.GridLayer.extend({
  options: { tileSize: TILE_PX, updateWhenZooming: false, keepBuffer: 1 },

  initialize(source, state, options) {
    L.GridLayer.prototype.initialize.call(this, options);
    L.setOptions(this, options);
    this.source = source;
    this.state = state;
    this.entries = new Map();
    this.failed = 0;
    this.on("tileunload", ({ coords }) => this.entries.delete(this._tileCoordsToKey(coords)));
  },

  createTile(coords, done) {
    const canvas = document.createElement("canvas");
    const ratio = window.devicePixelRatio || 1;
    canvas.width = TILE_PX * ratio;
    canvas.height = TILE_PX * ratio;
    const entry = { coords, canvas, layers: {}, choices: {} };
    this.entries.set(this._tileCoordsToKey(coords), entry);
    this.load(entry).then(
      () => done(null, canvas),
      (error) => {
        this.failed += 1;
        done(error, canvas);
        this.fire("tilefail");
      },
    );
    return canvas;
  },

  // Fetches what is switched on and not there yet, then paints.
  async load(entry) {
    const wanted = this.state.sets().filter(({ set, query }) => entry.choices[set] !== query);
    const tiles = await Promise.all(wanted.map(({ set, query }) => this.source.get(set, entry.coords, query)));
    wanted.forEach(({ set, query }, i) => {
      entry.choices[set] = query;
      Object.assign(entry.layers, tiles[i].layers);
    });
    this.paint(entry);
    this.fire("tiledata");
  },

  paint(entry) {
    const ratio = entry.canvas.width / TILE_PX;
    const context = entry.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, TILE_PX, TILE_PX);
    for (const layer of this.state.layers) {
      const data = entry.layers[layer.name];
      if (data && this.state.isShown(layer, entry.coords.z)) paintLayer(context, layer, data, entry.coords.z);
    }
  },

  // Paints again what is there, after a switch; fetches what the switch needs.
  repaint() {
    for (const entry of this.current()) {
      this.load(entry).catch(() => this.fire("tilefail"));
    }
  },

  // Fetches again the events of the tiles that changed, and nothing else.
  async refreshEvents(cells, since) {
    const changed = this.current().filter((entry) => cells.some((cell) => near(entry.coords, cell)));
    await Promise.all(
      changed.map(async (entry) => {
        const tile = await this.source.get("events", entry.coords, `?since=${since}`);
        entry.layers.events = tile.layers.events || { extent: 4096, features: [] };
      }),
    );
    if (changed.length) this.fire("tiledata");
  },

  // The tiles of the zoom that is shown.
  current() {
    return [...this.entries.values()].filter((entry) => entry.coords.z === this._tileZoom);
  },

  // Returns the properties of the topmost area of a layer at a place, or null.
  // Of a layer that marks things by rank only what has one can be opened: its other areas are ground.
  areaAt(latlng, layer) {
    const ranked = layer.popup.some((field) => field.prop === "rank");
    const point = this._map.project(latlng, this._tileZoom).divideBy(TILE_PX);
    for (const entry of this.current()) {
      const [x, y] = [point.x - entry.coords.x, point.y - entry.coords.y];
      const data = entry.layers[layer.name];
      if (x < 0 || y < 0 || x >= 1 || y >= 1 || !data) continue;
      const hit = data.features.find((f) => f.type === 3 && (!ranked || f.properties.rank) && f.geometry.filter((part) => crosses(part, x * data.extent, y * data.extent)).length % 2);
      if (hit) return hit.properties;
    }
    return null;
  },
});
