// Twice reported? Both side by side, with what they share and how far they lie apart; merged as child and parent, undone with z.

import { el, fill, light, newKey } from "./dom.js";
import { metres } from "./map.js";
import { Choice, field } from "./sheet.js";

export class Merge {
  constructor(desk) {
    this.desk = desk;
  }

  async open(matter) {
    const { api, sheet, words, map } = this.desk;
    this.matter = matter;
    this.beside = el("div", { class: "beside" });
    this.choice = new Choice({ label: words.duplicates, onChosen: (row, at) => this.#compare(row, at), onSend: () => sheet.submit() });
    sheet.open({
      name: `${matter.id}:merge`,
      title: `${words.merge} · ${matter.number}`,
      content: [this.choice.list, this.beside],
      action: words.merge_into,
      base: matter.seq,
      focus: this.choice.list,
      onClose: () => map.clear(),
      run: (_, panel) => this.#send(panel),
    });
    map.clickOffered = (at) => this.choice.choose(at);
    const { choice } = this;
    const { panel } = sheet;
    choice.say(words.finding);
    try {
      const found = await api.get(`/api/v1/desk/events/${matter.id}/duplicates`);
      if (!sheet.isShown(panel)) return;
      const first = found.rows.findIndex((row) => row.open && !row.parent);
      if (found.rows.length) choice.fill(found.rows, (row) => this.#row(row), Math.max(0, first));
      else choice.say(words.no_duplicates);
    } catch (error) {
      choice.say(api.told(error), "failed");
    }
  }

  #row(row) {
    const { words } = this.desk;
    const far = row.distance_m === null || row.distance_m === undefined ? words.no_distance : metres(row.distance_m, words);
    return el("div", {}, el("p", {}, el("b", { text: row.number }), ` ${this.matter.kind.title} · ${row.state?.title || ""} `, light(row.light, words, { short: true })),
      el("p", { class: "facts" }, el("span", { text: far }), el("span", { text: fill(words.apart, { time: this.desk.clock.span(row.minutes_apart * 60_000) }) }), el("span", { text: fill(words.alike, { n: Math.floor(100 * row.score) }) })));
  }

  // What is closed, or follows another one, cannot be followed: to be seen before it is tried.
  #compare(row, at) {
    const { words, clock, map, sheet } = this.desk;
    const side = (one, told) => el("article", {}, el("h4", { text: `${told} ${one.number}` }), el("p", { class: "words", text: one.words }),
      el("p", { class: "soft", text: one.address || "" }), el("p", {}, el("time", { text: clock.ago(one.reported_at), title: clock.at(one.reported_at) }), ` · ${one.state?.title || one.state || ""}`));
    const reasons = el("ul", { class: "reasons" }, (row.reasons || []).map((reason) => el("li", { text: reason })));
    const hindrance = !row.open ? words.other_closed : row.parent ? words.other_merged : "";
    sheet.go.disabled = Boolean(hindrance);
    sheet.tell(hindrance ? "hindered" : "", hindrance);
    this.beside.replaceChildren(side(this.matter, words.this_one), side(row, words.that_one), reasons);
    map.offer(this.matter, this.choice.rows.map((one) => ({ ...one, title: one.number })), at);
  }

  async #send(panel) {
    const { api, sheet, words } = this.desk;
    const parent = this.choice.chosen;
    const child = this.matter;
    if (!parent) {
      sheet.tell("failed", words.choose_first);
      return;
    }
    try {
      await api.send(`/api/v1/desk/events/${child.id}/merge`, { parent: parent.id, base_seq: sheet.base, key: sheet.key });
    } catch (error) {
      if (!error.isConflict || !sheet.isShown(panel)) throw error;
      const found = await this.desk.matter.show(child.id);
      if (!sheet.isShown(panel)) throw error;
      sheet.conflict(found || child, sheet.base, true);
      return;
    }
    sheet.done(panel);
    this.desk.did(child, fill(words.merged, { number: child.number, parent: parent.number }), () => this.#undo(child.id));
  }

  // At once after it was done: no reason is asked for but that it was a mistake.
  async #undo(id) {
    const found = await this.desk.api.get(`/api/v1/desk/events/${id}`);
    await this.#unmerge(found, this.desk.words.undone_at_once, newKey());
  }

  async #unmerge(matter, reason, key) {
    const { api, words } = this.desk;
    await api.send(`/api/v1/desk/events/${matter.id}/unmerge`, { base_seq: matter.seq, key, reason });
    this.desk.did(matter, fill(words.unmerged, { number: matter.number }));
  }

  openUndo(matter) {
    const { sheet, words } = this.desk;
    sheet.open({
      name: `${matter.id}:unmerge`,
      title: `${words.unmerge} · ${matter.number}`,
      content: field(words.fields.reason, el("textarea", { name: "reason", rows: "2", required: true, maxlength: "2000" })),
      action: words.unmerge,
      base: matter.seq,
      run: async (values, panel) => {
        await this.#unmerge(matter, values.reason, sheet.key);
        sheet.done(panel);
      },
    });
  }
}
