// Marks of places that lie on each other, drawn beside each other: every number of a round is read, however near its stops are.

const GAP = 2; // pixels between two marks
const ACROSS = 4; // marks in a row, then the next row

/**
 * Where marks of `size` pixels stand so that none covers another.
 * `points` are the places in pixels; returns the middles of the marks in the same order. Marks that would meet stand in rows of
 * four around the middle of their places, in the order in which they are given; all others stand where they are.
 */
export function apart(points, size) {
  const step = size + GAP;
  let groups = points.map((_, at) => [at]);
  for (;;) {
    const placed = groups.map((group) => rows(group, points, step));
    const pair = meeting(placed, step);
    if (!pair) {
      const found = new Array(points.length);
      groups.forEach((group, g) => group.forEach((at, k) => (found[at] = placed[g][k])));
      return found;
    }
    const [first, second] = pair;
    const joined = [...groups[first], ...groups[second]].sort((a, b) => a - b);
    groups = [...groups.filter((_, g) => g !== first && g !== second), joined];
  }
}

function rows(group, points, step) {
  const x = group.reduce((sum, at) => sum + points[at].x, 0) / group.length;
  const y = group.reduce((sum, at) => sum + points[at].y, 0) / group.length;
  const high = Math.ceil(group.length / ACROSS);
  return group.map((_, k) => {
    const row = Math.floor(k / ACROSS);
    const wide = Math.min(group.length - row * ACROSS, ACROSS);
    return { x: x + ((k % ACROSS) - (wide - 1) / 2) * step, y: y + (row - (high - 1) / 2) * step };
  });
}

// The first two groups of which a mark of the one meets a mark of the other; half a pixel is nobody's.
function meeting(placed, step) {
  const near = (a, b) => Math.abs(a.x - b.x) < step - 0.5 && Math.abs(a.y - b.y) < step - 0.5;
  for (let first = 0; first < placed.length; first += 1) {
    for (let second = first + 1; second < placed.length; second += 1) {
      if (placed[first].some((a) => placed[second].some((b) => near(a, b)))) return [first, second];
    }
  }
  return null;
}

/** Keeps the markers of a map apart at every zoom; a mark that stands beside its place is joined to it by a thin line. */
export function keepApart(map, markers, { size, color }) {
  const stems = L.layerGroup().addTo(map);
  const arrange = () => {
    const places = markers.map((marker) => map.latLngToLayerPoint(marker.getLatLng()));
    stems.clearLayers();
    apart(places, size).forEach((middle, at) => {
      const away = L.point(middle.x - places[at].x, middle.y - places[at].y).round();
      const { options } = markers[at].getIcon();
      markers[at].setIcon(L.divIcon({ ...options, iconAnchor: [size / 2 - away.x, size / 2 - away.y] }));
      if (Math.hypot(away.x, away.y) < size / 2) return;
      const from = markers[at].getLatLng();
      const to = map.layerPointToLatLng(places[at].add(away));
      L.polyline([from, to], { color, weight: 1.5, interactive: false }).addTo(stems);
      L.circleMarker(from, { radius: 3, weight: 1, color: "#ffffff", fillColor: color, fillOpacity: 1, interactive: false }).addTo(stems);
    });
  };
  map.on("zoomend", arrange);
  arrange();
}
