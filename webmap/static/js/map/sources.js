// Where tiles come from: a server that sends vector tiles, or the data that stand in the page itself.
// A tile is {layers: {name: {extent, features: [{type, geometry: [[{x, y}]], properties}]}}}.

export const TILE_PX = 1024;
const STEPS = 2; // a tile of 1024 px is four web tiles wide: the web tile two zooms up
const EXTENT = 4096;

export class TileSource {
  constructor(url) {
    this.url = url;
  }

  // Fetches and decodes one tile; rejects where the server refused, because VectorGrid itself hides that.
  async get(set, coords, query = "") {
    const url = this.url.replace("{set}", set) + query;
    const tile = await L.vectorGrid.protobuf(url)._getVectorTilePromise(coords);
    if (Array.isArray(tile.layers)) throw new Error(`no tile ${set}/${coords.z}/${coords.x}/${coords.y}`);
    return tile;
  }
}

// Web Mercator as a share of the world, 0 to 1 from the north-west.
export function worldOf(lon, lat) {
  const s = Math.sin((lat * Math.PI) / 180);
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI) };
}

const TYPES = { Point: 1, MultiPoint: 1, LineString: 2, MultiLineString: 2, Polygon: 3, MultiPolygon: 3 };

function partsOf(geometry) {
  if (geometry.type === "Point") return [[geometry.coordinates]];
  if (geometry.type === "LineString") return [geometry.coordinates];
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
  return geometry.coordinates; // MultiLineString and Polygon
}

export class InlineSource {
  constructor(data) {
    this.layers = {};
    for (const name in data.layers) this.layers[name] = data.layers[name].features.map((feature) => this.prepared(feature));
    this.events = data.events.map(([lon, lat, open, number, kind]) => ({ ...worldOf(lon, lat), open, number, kind }));
  }

  prepared(feature) {
    const parts = partsOf(feature.geometry).map((part) => part.map(([lon, lat]) => worldOf(lon, lat)));
    const box = [1, 1, 0, 0];
    for (const part of parts) {
      for (const p of part) {
        box[0] = Math.min(box[0], p.x);
        box[1] = Math.min(box[1], p.y);
        box[2] = Math.max(box[2], p.x);
        box[3] = Math.max(box[3], p.y);
      }
    }
    return { type: TYPES[feature.geometry.type], parts, box, properties: feature.properties };
  }

  async get(set, coords) {
    const scale = 2 ** (coords.z - STEPS);
    const margin = 0.07;
    const box = [coords.x - margin, coords.y - margin, coords.x + 1 + margin, coords.y + 1 + margin].map((v) => v / scale);
    const local = (p) => ({ x: (p.x * scale - coords.x) * EXTENT, y: (p.y * scale - coords.y) * EXTENT });
    const layers = {};
    if (set === "events" || set === "all") layers.events = { extent: EXTENT, features: this.eventsIn(box, coords.z, local) };
    if (set === "events") return { layers };
    for (const name in this.layers) {
      const near = this.layers[name].filter((f) => f.box[0] <= box[2] && f.box[2] >= box[0] && f.box[1] <= box[3] && f.box[3] >= box[1]);
      const features = near.map((f) => ({ type: f.type, properties: f.properties, geometry: f.parts.map((part) => part.map(local)) }));
      layers[name] = { extent: EXTENT, features };
    }
    return { layers };
  }

  // Clusters by cell of 64 px below zoom 16, single events from there on, as the server does.
  eventsIn(box, zoom, local) {
    const near = this.events.filter((e) => e.x >= box[0] && e.x <= box[2] && e.y >= box[1] && e.y <= box[3]);
    if (zoom >= 16) {
      return near.map((e, i) => ({ type: 1, geometry: [[local(e)]], properties: { code: `${e.number}-${i}`, open: e.open, number: e.number, kind: e.kind } }));
    }
    const cells = new Map();
    const count = 2 ** (zoom + 2);
    for (const e of near) {
      const code = `${Math.floor(e.x * count)}-${Math.floor(e.y * count)}`;
      const cell = cells.get(code) || { x: 0, y: 0, open: 0, n: 0 };
      cells.set(code, { x: cell.x + e.x, y: cell.y + e.y, open: cell.open + e.open, n: cell.n + 1 });
    }
    return [...cells].map(([code, c]) => ({
      type: 1,
      geometry: [[local({ x: c.x / c.n, y: c.y / c.n })]],
      properties: { code, open: c.open, closed: c.n - c.open },
    }));
  }
}
