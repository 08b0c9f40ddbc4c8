// Many at once: what is to be done, then a preview of what can and what cannot, and only then the deed.

import { el, fill, newKey } from "./dom.js";
import { field } from "./sheet.js";

const MOST_SHOWN = 50;

export class Bulk {
  constructor(desk) {
    this.desk = desk;
  }

  open(ids) {
    const { sheet, words, config } = this.desk;
    const choices = config.bulk_steps;
    this.result = el("div", { class: "preview", "aria-live": "polite" });
    this.what = el("select", { name: "step", "data-first": "" }, choices.map(({ code, title }) => el("option", { value: code, text: title })));
    this.fields = el("div");
    const draw = () => this.#draw(choices.find((one) => one.code === this.what.value));
    this.what.addEventListener("change", draw);
    this.previewed = null;
    sheet.open({
      name: "bulk",
      title: fill(words.bulk_title, { n: ids.length }),
      content: [field(words.bulk_what, this.what), this.fields, this.result],
      action: words.preview,
      run: (values, panel) => (this.previewed ? this.#do(values, panel) : this.#preview(ids, values, panel)),
    });
    draw();
    sheet.body.oninput = () => this.#again();
  }

  #draw(step) {
    const { words } = this.desk;
    const made = step.requires.map((name) => {
      if (name === "party") return field(words.fields.party, this.#party());
      return field(words.fields[name] || name, el("textarea", { name, rows: "2", required: true, maxlength: "2000" }));
    });
    this.fields.replaceChildren(...made);
    this.#again();
  }

  // By name, as one says it; those of one name are told apart by their code.
  #party() {
    const { words, config } = this.desk;
    const titles = config.parties.map(({ title }) => title);
    const isTwice = (title) => titles.indexOf(title) !== titles.lastIndexOf(title);
    this.parties = new Map(config.parties.map(({ party, title }) => [isTwice(title) ? `${title} ${party.split(":")[1]}` : title, party]));
    const choices = el("datalist", { id: "parties" }, [...this.parties.keys()].map((title) => el("option", { value: title })));
    const input = el("input", { type: "text", name: "party", list: "parties", required: true, autocomplete: "off",
      oninput: () => input.setCustomValidity(this.parties.has(input.value.trim()) ? "" : words.party_unknown) });
    return el("span", {}, input, choices);
  }

  #meant(details) {
    return details.party ? { ...details, party: this.parties.get(details.party) } : details;
  }

  #again() {
    const { sheet, words } = this.desk;
    this.previewed = null;
    this.result.replaceChildren();
    if (sheet.go) sheet.go.textContent = words.preview;
  }

  async #preview(ids, { step, ...details }, panel) {
    const { api, sheet, words } = this.desk;
    const found = await api.send("/api/v1/desk/bulk/preview", { ids, step, details: this.#meant(details) });
    if (!sheet.isShown(panel)) return;
    this.result.replaceChildren(this.#list(words.bulk_can, found.can), this.#list(words.bulk_cannot, found.cannot, "cannot"));
    sheet.tell("", "");
    if (!found.can.length) return;
    this.previewed = found.can;
    this.key = newKey();
    sheet.go.textContent = fill(words.bulk_do, { n: found.can.length });
  }

  async #do({ step, ...details }, panel) {
    const { api, sheet, words } = this.desk;
    const items = this.previewed.map((one) => ({ id: one.id, base_seq: one.seq }));
    const done = await api.send("/api/v1/desk/bulk", { items, step, details: this.#meant(details), key: this.key });
    this.desk.queue.clearPicked();
    if (done.failed.length && !sheet.isShown(panel)) {
      this.desk.did(null, fill(words.bulk_some_done, { n: done.done.length, failed: done.failed.map((one) => one.number).join(words.comma) }));
      return;
    }
    if (done.failed.length) {
      this.previewed = null;
      this.result.replaceChildren(this.#list(words.bulk_done, done.done), this.#list(words.bulk_failed, done.failed, "cannot"));
      sheet.go.hidden = true;
      sheet.tell("", "");
      this.desk.queue.refresh();
      return;
    }
    sheet.done(panel);
    this.desk.did(null, fill(words.bulk_all_done, { n: done.done.length }));
  }

  #list(title, rows, face = "") {
    if (!rows.length) return "";
    const shown = rows.slice(0, MOST_SHOWN).map((one) => el("li", {}, el("b", { text: one.number }), one.message ? ` ${one.message}` : ""));
    return el("section", { class: face }, el("h4", { text: `${title} ${rows.length}` }), el("ul", {}, shown));
  }
}
