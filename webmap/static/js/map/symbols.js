// How a symbol is drawn on canvas: the same code paints the map and the swatches of the legend.

const tokens = new Map();

// Returns the colour of a token of tokens.css.
export function colour(name) {
  if (!tokens.has(name)) {
    tokens.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim() || "#888");
  }
  return tokens.get(name);
}

// Returns the width in px of a symbol's line at a zoom, between its stops.
export function widthAt(symbol, zoom) {
  const stops = symbol.widths;
  if (!stops.length) return symbol.width;
  if (zoom <= stops[0][0]) return stops[0][1];
  for (let i = 1; i < stops.length; i += 1) {
    const [z0, w0] = stops[i - 1];
    const [z1, w1] = stops[i];
    if (zoom <= z1) return w0 + ((zoom - z0) / (z1 - z0)) * (w1 - w0);
  }
  return stops[stops.length - 1][1];
}

// Returns the first rule of a layer that fits the properties, and its index; null where none does.
export function ruleFor(layer, properties) {
  for (let i = 0; i < layer.rules.length; i += 1) {
    const where = layer.rules[i].where;
    let fits = true;
    for (const name in where) if (properties[name] !== where[name]) fits = false;
    if (fits) return { rule: layer.rules[i], index: i };
  }
  return null;
}

// The step between lines of hatching, in px, such that tiles of 1024 px join without a seam in each direction.
function hatchStep(angle) {
  return angle % 90 === 0 ? 8 : 1024 / Math.SQRT2 / 90;
}

// Returns a pattern of parallel lines; drawn four times too large, so that it stays sharp.
export function hatch(context, symbol) {
  const step = hatchStep(symbol.angle);
  const sharp = 4;
  const size = Math.round(step * sharp);
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const inner = canvas.getContext("2d");
  inner.fillStyle = colour(symbol.stroke);
  inner.globalAlpha = 0.75;
  inner.fillRect(0, 0, size, symbol.width * sharp * 0.8);
  const pattern = context.createPattern(canvas, "repeat");
  pattern.setTransform(new DOMMatrix().rotate(-symbol.angle).scale(step / size));
  return pattern;
}

function outline(context, shape, x, y, r) {
  context.beginPath();
  if (shape === "square") context.rect(x - r, y - r, 2 * r, 2 * r);
  else if (shape === "diamond") {
    context.moveTo(x, y - r * 1.2);
    context.lineTo(x + r * 1.2, y);
    context.lineTo(x, y + r * 1.2);
    context.lineTo(x - r * 1.2, y);
    context.closePath();
  } else if (shape === "triangle") {
    context.moveTo(x, y - r * 1.25);
    context.lineTo(x + r * 1.15, y + r * 0.8);
    context.lineTo(x - r * 1.15, y + r * 0.8);
    context.closePath();
  } else context.arc(x, y, r, 0, 2 * Math.PI);
}

// Draws one mark at (x, y) with its halo.
export function mark(context, symbol, x, y, r) {
  outline(context, symbol.shape, x, y, r);
  if (symbol.stroke) {
    context.lineWidth = symbol.width * 2;
    context.strokeStyle = colour(symbol.stroke);
    context.lineJoin = "round";
    context.stroke();
  }
  context.fillStyle = colour(symbol.fill);
  context.fill();
}

// The radius of a cluster: its area grows with its count.
export function clusterRadius(count) {
  return count === 1 ? 4.5 : Math.min(23, 5 + 0.7 * Math.sqrt(count));
}

const LEAST_FOR_COUNT_PX = 6.5; // a disc any smaller holds no figures

// Draws a cluster: a disc of closed events, the open ones as a sector from the top, the count where it fits.
export function cluster(context, { x, y, r, open, closed }, words, alpha = 1) {
  const count = open + closed;
  context.globalAlpha = alpha;
  context.beginPath();
  context.arc(x, y, r + 1.2, 0, 2 * Math.PI);
  context.fillStyle = colour("halo");
  context.fill();
  context.globalAlpha = 0.88 * alpha;
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = colour(closed ? "event-closed" : "event-open");
  context.fill();
  context.globalAlpha = alpha;
  if (open && closed) {
    const share = Math.max(open / count, 0.05);
    context.beginPath();
    context.arc(x, y, r - 1.2, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
    context.lineWidth = 3.6;
    context.strokeStyle = colour("event-open");
    context.stroke();
  }
  context.globalAlpha = 1;
  if (count >= 10 && r >= LEAST_FOR_COUNT_PX) {
    context.fillStyle = colour(alpha < 1 ? "label" : "halo");
    context.font = `600 ${r < 9 ? 9.5 : r < 14 ? 10.5 : 12}px ${words.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(words.number(count), x, y + 0.5);
  }
}

// Draws a symbol's swatch for the legend on a canvas of its own.
export function swatch(symbol) {
  const canvas = document.createElement("canvas");
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [26, 16];
  canvas.width = w * ratio;
  canvas.height = h * ratio;
  canvas.className = "swatch";
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  if (symbol.shape === "area" || symbol.shape === "hatch") areaSwatch(context, symbol, w, h);
  else if (symbol.shape === "line") lineSwatch(context, symbol, w, h);
  else if (symbol.shape !== "text") mark(context, symbol, w / 2, h / 2, Math.min(symbol.radius, 6));
  else {
    context.beginPath();
    context.arc(w / 2, h / 2, symbol.radius, 0, 2 * Math.PI);
    context.fillStyle = colour(symbol.fill);
    context.fill();
  }
  return canvas;
}

function areaSwatch(context, symbol, w, h) {
  context.beginPath();
  context.rect(2, 2, w - 4, h - 4);
  if (symbol.fill) {
    context.globalAlpha = symbol.fillOpacity;
    context.fillStyle = symbol.shape === "hatch" ? hatch(context, symbol) : colour(symbol.fill);
    context.fill();
    context.globalAlpha = 1;
  }
  if (!symbol.stroke) return;
  context.setLineDash(symbol.dash);
  context.lineWidth = Math.max(1, Math.min(2, widthAt(symbol, 12)));
  context.strokeStyle = colour(symbol.stroke);
  context.stroke();
}

function lineSwatch(context, symbol, w, h) {
  context.beginPath();
  context.moveTo(2, h / 2);
  context.lineTo(w - 2, h / 2);
  context.lineWidth = Math.max(1.5, Math.min(4, widthAt(symbol, 13)));
  context.strokeStyle = colour(symbol.stroke);
  context.stroke();
}
