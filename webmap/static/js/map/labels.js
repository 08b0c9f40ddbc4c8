// Which names are written where: one after the other by importance, none over another or over a mark.

const STYLES = {
  hotspots: { font: 700, size: 13, colour: "heat-outline", always: true },
  townships: { font: 600, size: 14, colour: "label", spread: true },
  places: { font: 500, size: 12, colour: "place" },
  stations: { font: 600, size: 11.5, colour: "station" },
  base_grids: { font: 400, size: 11, colour: "place" },
  department_grids: { font: 600, size: 12, colour: "label" },
  water: { font: "italic 400", size: 12, colour: "water-line" },
};
export const LABEL_ORDER = ["hotspots", "townships", "department_grids", "places", "stations", "water", "base_grids"];

export function labelStyle(name, family) {
  const style = STYLES[name] || STYLES.places;
  return { ...style, css: `${style.font} ${style.size}px ${family}` };
}

function meet(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

export class Placer {
  constructor() {
    this.taken = [];
  }

  // Keeps a box free of names.
  take(x, y, halfWidth, halfHeight) {
    this.taken.push({ left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight });
  }

  // Returns the first of the offsets at which a box of that size is free, and takes it; null where none is.
  place(x, y, width, height, offsets) {
    for (const [dx, dy] of offsets) {
      const box = { left: x + dx - width / 2, right: x + dx + width / 2, top: y + dy - height / 2, bottom: y + dy + height / 2 };
      if (!this.taken.some((other) => meet(box, other))) {
        this.taken.push(box);
        return [x + dx, y + dy];
      }
    }
    return null;
  }
}

// Where the name of an area may stand, the best first: its heart, then around it as far as the area reaches.
export function aroundHeart(reach) {
  const found = [[0, 0]];
  for (const share of [0.3, 0.55, 0.8]) {
    for (const [dx, dy] of [[0, -1], [0, 1], [-1, 0], [1, 0], [-0.7, -0.7], [0.7, -0.7], [-0.7, 0.7], [0.7, 0.7]]) {
      found.push([dx * reach * share, dy * reach * share]);
    }
  }
  return found;
}

// Where the name of a point may stand: right, left, below, above.
export function besidePoint(width, height, r) {
  const [x, y] = [width / 2 + r + 4, height / 2 + r + 2];
  return [[x, 0], [-x, 0], [0, y], [0, -y]];
}

// Moves discs that lie over each other apart, each by its share: counts stay readable where cells meet in a dense core.
export function spreadDiscs(discs) {
  for (let round = 0; round < 8; round += 1) {
    let moved = false;
    for (let i = 0; i < discs.length; i += 1) {
      for (let j = i + 1; j < discs.length; j += 1) moved = pushApart(discs[i], discs[j]) || moved;
    }
    if (!moved) return;
  }
}

function pushApart(a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const reach = a.r + b.r + 1;
  if (Math.abs(dx) >= reach || Math.abs(dy) >= reach) return false;
  const distance = Math.hypot(dx, dy) || 0.01;
  if (distance >= reach) return false;
  const push = (reach - distance) / distance;
  const share = (b.r * b.r) / (a.r * a.r + b.r * b.r); // the smaller one gives way
  a.x -= dx * push * share;
  a.y -= dy * push * share;
  b.x += dx * push * (1 - share);
  b.y += dy * push * (1 - share);
  return true;
}

// Places for a name that matters more than being right at its point: above and below, then beside, ever further out.
export function furtherOut(width, size) {
  const offsets = [];
  for (const away of [size, size * 2, size * 3.2, size * 4.5]) {
    const side = away + width / 2;
    offsets.push([0, -away], [0, away], [side, 0], [-side, 0], [side * 0.7, -away], [-side * 0.7, -away], [side * 0.7, away], [-side * 0.7, away]);
  }
  return offsets;
}
