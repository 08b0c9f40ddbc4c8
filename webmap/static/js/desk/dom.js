// Elements from plain values: everything is set as text, nothing that somebody wrote becomes markup.

export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// The words of a page with their values: fill("{n} m", {n: 5}).
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

export const SHAPES = { green: "●", amber: "▲", red: "■", grey: "○" };

// A light as people with any eyes see it: colour, shape and word.
export function light(code, words, { short = false } = {}) {
  const known = SHAPES[code] ? code : "grey";
  return el("span", { class: `light ${known}`, title: words.lights[known] },
    el("i", { text: SHAPES[known], "aria-hidden": "true" }), el("span", { class: short ? "unseen" : "", text: words.lights[known] }));
}

export function kbd(key) {
  return el("kbd", { text: key });
}

// A key of the sender's own, under which a step sent twice is taken once. Only encrypted pages have randomUUID.
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
