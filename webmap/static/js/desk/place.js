// Where is it? The unplaced are placed, border cases decided, an address confirmed: by one key, or by a grid's code.

import { el, fill } from "./dom.js";
import { candidate } from "../unplaced/places.js";
import { Choice, field } from "./sheet.js";

const LONGEST_SAID = 500;

export class Place {
  constructor(desk) {
    this.desk = desk;
  }

  open(matter) {
    const { sheet, words, map } = this.desk;
    this.matter = matter;
    this.choice = new Choice({ label: words.places, onChosen: (_, at) => this.#shown(at), onSend: () => sheet.submit() });
    const said = (matter.address || matter.words || "").slice(0, LONGEST_SAID);
    const asked = el("input", { type: "text", name: "said", value: said, maxlength: String(LONGEST_SAID), onkeydown: (event) => this.#find(event) });
    const grid = el("input", { type: "text", name: "grid", maxlength: "40", autocomplete: "off", inputmode: "numeric" });
    sheet.open({
      name: `${matter.id}:place`,
      title: `${words.place_it} · ${matter.number}`,
      content: [field(words.words_of_place, asked), this.choice.list, field(words.grid_by_hand, grid)],
      action: words.place_here,
      focus: this.choice.list,
      onClose: () => map.clear(),
      run: (values, panel) => this.#send(matter, values, panel),
    });
    map.clickOffered = (at) => this.choice.choose(at);
    return this.load(said);
  }

  #find(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.load(event.target.value);
    this.choice.list.focus();
  }

  async load(said) {
    const { api, words, sheet } = this.desk;
    const { matter } = this;
    const { panel } = sheet;
    const grids = this.#grids(matter);
    if (grids.length) this.choice.fill(grids, (row) => this.#row(row)); // at once; looking places up takes longer
    else this.choice.say(words.finding);
    try {
      const found = said.trim() ? (await api.get("/api/v1/places", { text: said })).places : [];
      if (!sheet.isShown(panel)) return;
      const places = found.slice(0, 5).map((place) => ({ place, title: place.name, point_lonlat: [place.point.lon, place.point.lat], radius_m: place.radius_m }));
      const rows = matter.unplaced ? [...places, ...grids] : [...grids, ...places];
      const { at } = this.choice;
      if (rows.length) this.choice.fill(rows, (row) => this.#row(row), rows[0] === grids[0] ? at : 0);
      else this.choice.say(words.no_places);
    } catch (error) {
      if (!sheet.isShown(panel)) return;
      if (grids.length) this.choice.fill(grids, (row) => this.#row(row));
      else this.choice.say(api.told(error), "failed");
    }
  }

  // On the map: the places that the words could mean, or the grids between which a border case is to be decided.
  async #shown(at) {
    const { map } = this.desk;
    const { matter, choice } = this;
    const { rows } = choice;
    map.offer(matter, rows, at);
    if (!rows[at].grid_code) return;
    const shapes = await Promise.all(rows.map((row) => (row.grid_code ? this.#shape(row.grid_code) : null)));
    if (this.matter !== matter || choice.rows !== rows || choice.at !== at || !this.desk.sheet.isOpen) return;
    map.clear();
    map.between(matter, matter.assignment?.accuracy_m, shapes.map((shape, i) => shape && { shape, number: i + 1, chosen: i === at }).filter(Boolean));
  }

  // A grid's outline, read once; without it the choice is as good.
  #shape(code) {
    this.shapes ??= new Map();
    if (!this.shapes.has(code)) this.shapes.set(code, this.desk.api.get(`/api/v1/grids/${code}`).catch(() => null));
    return this.shapes.get(code);
  }

  // The grids that the position leaves open, the likeliest first.
  #grids(matter) {
    const { candidates = [], names = {} } = matter.assignment || {};
    return candidates.map(({ grid_code, share }) => ({ grid_code, share, title: names[grid_code] || grid_code }));
  }

  #row(row) {
    const { words, config } = this.desk;
    if (row.grid_code) return el("div", {}, el("b", { text: row.title }), el("p", { class: "facts", text: [row.grid_code, row.share && fill(words.share_of_disc, { n: Math.round(100 * row.share) })].filter(Boolean).join(" · ") }));
    const { place } = row;
    const facts = fill(words.place_facts, { precision: config.precisions[place.precision] || place.precision, metres: Math.round(place.radius_m).toLocaleString("en"), percent: Math.floor(100 * place.confidence) });
    return el("div", {}, el("b", { text: place.name }), el("p", { class: "facts", text: facts }), el("p", { class: "soft", text: place.reason.join(words.comma) }));
  }

  async #send(matter, values, panel) {
    const { api, sheet, words } = this.desk;
    const chosen = this.choice.chosen;
    const body = values.grid ? { grid_code: values.grid } : chosen?.grid_code ? { grid_code: chosen.grid_code } : chosen ? { place: candidate(chosen.place) } : null;
    if (!body) {
      sheet.tell("failed", words.choose_first);
      return;
    }
    const told = await api.send(`/api/v1/events/${matter.id}/grid`, body, "PUT");
    sheet.done(panel);
    this.desk.did(matter, fill(words.placed, { number: matter.number, grid: told.assignment?.grid_code || "" }));
  }
}
