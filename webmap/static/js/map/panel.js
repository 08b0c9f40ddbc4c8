// The panel of layers: a switch each, its legend below it while it is on.

import { swatch } from "./symbols.js";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function legendOf(layer, only) {
  const list = element("ul", "legend");
  for (const line of layer.legend) {
    const rule = layer.rules[line.rule];
    if (only && Object.values(rule.where)[0] !== only) continue;
    const item = element("li");
    item.append(swatch(rule.symbol), element("span", "", line.text));
    list.append(item);
  }
  return list;
}

// The choice within a layer, such as one department of eight.
function choiceOf(layer, state, changed) {
  const select = element("select");
  select.setAttribute("aria-label", layer.title);
  for (const line of layer.choices) {
    const option = element("option", "", line.text);
    option.value = line.value;
    select.append(option);
  }
  select.value = state.choice(layer);
  select.addEventListener("change", () => {
    state.choose(layer, select.value);
    changed();
  });
  return select;
}

// One of several things to choose of a layer, such as the minutes of circles.
function chooserOf(layer, chooser, state, changed) {
  const label = element("label", "chooser");
  const select = element("select");
  select.name = `${layer.name}.${chooser.name}`;
  for (const { value, text } of chooser.values) {
    const option = element("option", "", text);
    option.value = value;
    select.append(option);
  }
  select.value = state.value(layer, chooser);
  select.addEventListener("change", () => {
    state.setValue(layer, chooser, select.value);
    changed();
  });
  label.append(element("span", "", chooser.title), select);
  return label;
}

function notesOf(layer, state) {
  return [...(layer.notes || []), ...(layer.notesBy?.[state.key(layer)] || [])];
}

function row(layer, state, words, changed) {
  const box = element("div", "layer");
  const label = element("label", "switch");
  const input = element("input");
  input.type = "checkbox";
  input.checked = state.isOn(layer);
  input.dataset.layer = layer.name;
  label.append(input, element("span", "", layer.title));
  const single = layer.legend.length === 1 && layer.rules.length === 1; // its one symbol stands beside its name
  if (single) label.append(swatch(layer.rules[0].symbol));
  box.append(label);
  const below = element("div", "below");
  box.append(below);
  const show = (focused) => {
    below.replaceChildren();
    below.hidden = !input.checked;
    if (!input.checked) return;
    if (layer.choices) below.append(choiceOf(layer, state, () => { show(); changed(); }));
    for (const one of layer.choosers || []) below.append(chooserOf(layer, one, state, () => { show(one); changed(); }));
    if (layer.name === "events") below.append(openOnly(state, words, changed));
    if (layer.fromZoom) below.append(closerHint(layer, words));
    for (const text of notesOf(layer, state)) below.append(element("p", "note", text));
    if (!single) below.append(legendOf(layer, layer.choices && !layer.wholeLegend ? state.choice(layer) : null));
    if (focused) below.querySelector(`[name="${layer.name}.${focused.name}"]`)?.focus(); // who chooses by keys goes on choosing
  };
  input.addEventListener("change", () => {
    state.set(layer, input.checked);
    show();
    changed();
  });
  show();
  return box;
}

// Stands beside a layer that is on and too far away to be drawn; see hintCloser.
function closerHint(layer, words) {
  const line = element("div", "hint", words.closer);
  line.dataset.fromZoom = layer.fromZoom;
  return line;
}

export function hintCloser(host, zoom) {
  for (const line of host.querySelectorAll(".hint")) line.hidden = zoom >= Number(line.dataset.fromZoom);
}

function openOnly(state, words, changed) {
  const label = element("label", "option");
  const input = element("input");
  input.type = "checkbox";
  input.checked = state.openOnly;
  input.addEventListener("change", () => {
    state.openOnly = input.checked;
    changed();
  });
  label.append(input, element("span", "", words.openOnly));
  return label;
}

export function buildPanel(host, state, words, changed) {
  for (const [group, title] of Object.entries(words.groups)) {
    const layers = state.layers.filter((layer) => layer.group === group && layer.switch);
    if (!layers.length) continue;
    const section = element("section", "group");
    section.append(element("h2", "", title));
    for (const layer of layers) section.append(row(layer, state, words, changed));
    host.append(section);
  }
}
