/* What keeps a page from somebody who cannot see it well or uses no mouse. Evaluates to sentences; none: nothing was found. */
() => {
  const found = [];
  const shown = (el) => {
    const style = getComputedStyle(el), box = el.getBoundingClientRect();
    return style.visibility !== "hidden" && style.display !== "none" && box.width > 1 && box.height > 1 && el.checkVisibility();
  };
  const brief = (el) => el.outerHTML.replace(/\s+/g, " ").slice(0, 110);
  const words = (el) => [...el.querySelectorAll("[aria-label], img[alt], title")].map((one) => one.getAttribute("aria-label") || one.alt || one.textContent)
    .concat(el.getAttribute("aria-hidden") ? "" : el.textContent).join(" ").trim();
  const byId = (ids) => (ids || "").split(/\s+/).map((id) => id && document.getElementById(id)?.textContent).join(" ").trim();
  const name = (el) => (el.getAttribute("aria-label") || byId(el.getAttribute("aria-labelledby")) || [...(el.labels || [])].map(words).join(" ").trim()
    || (/^(a|button|summary)$/i.test(el.tagName) ? words(el) : "") || (/^(submit|button)$/.test(el.type) ? el.value : "") || el.title || "").trim();

  if (!document.documentElement.lang) found.push("the page names no language");
  if (!document.title.trim()) found.push("the page has no title");
  if (document.querySelectorAll("main, [role=main]").length !== 1) found.push(`${document.querySelectorAll("main, [role=main]").length} main parts`);
  if (![...document.querySelectorAll("h1")].some((el) => el.checkVisibility())) found.push("no heading of the page is shown");
  const ids = [...document.querySelectorAll("[id]")].map((el) => el.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push(`the id ${id} stands twice`);
  for (const el of document.querySelectorAll("[tabindex]")) if (el.tabIndex > 0) found.push(`its own order of keys: ${brief(el)}`);
  for (const el of document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea, [role=button], [role=tab], [role=option]")) {
    if (shown(el) && !name(el) && !(el.getAttribute("role") && words(el))) found.push(`without a name: ${brief(el)}`);
  }
  for (const el of document.querySelectorAll("img:not([alt])")) found.push(`a picture without words: ${brief(el)}`);
  for (const el of document.querySelectorAll("nav:not([aria-label]):not([aria-labelledby])")) found.push(`a list of links without a name: ${brief(el)}`);
  for (const el of document.querySelectorAll("[aria-controls], [aria-labelledby], [aria-describedby]"))
    for (const what of ["aria-controls", "aria-labelledby", "aria-describedby"])
      for (const id of (el.getAttribute(what) || "").split(/\s+/)) if (id && !document.getElementById(id)) found.push(`${what} names ${id}, which is not there: ${brief(el)}`);

  /* Contrast, by WCAG 2: 4.5, and 3 for large words. What stands on a picture, a canvas or a gradient is not judged here. */
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = "#000"; pen.fillStyle = text; pen.fillRect(0, 0, 1, 1); const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const paper = (el) => {
    const layers = [];
    for (let one = el; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none") return null;
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) return layers.reverse().reduce((below, top) => over(top, below));
      if (/canvas|leaflet|folium/.test(one.className) || style.position === "fixed") return null;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const said = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), el = walk.currentNode.parentElement;
    if (!text || !/[\p{L}\p{N}]/u.test(text) || el.closest("svg, script, style, option, [aria-hidden=true], .leaflet-container, :disabled, [aria-disabled=true]") || !shown(el)) continue;
    const below = paper(el);
    if (!below) continue;
    const style = getComputedStyle(el), ink = rgba(style.color);
    for (let one = el; one; one = one.parentElement) ink[3] *= Number(getComputedStyle(one).opacity);
    const [a, b] = [light(over(ink, below)), light(below)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const px = parseFloat(style.fontSize), large = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
    const line = `contrast ${ratio.toFixed(2)} of ${style.color} on ${below.slice(0, 3).map(Math.round)}: ${el.tagName.toLowerCase()}.${el.className} “${text.slice(0, 24)}”`;
    const key = `${style.color}${below}${el.className}`;
    if (ratio < (large ? 3 : 4.5) - 0.005 && !said.has(key)) { said.add(key); found.push(line); }
  }
  return found;
}
