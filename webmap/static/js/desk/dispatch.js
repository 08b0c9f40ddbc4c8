// To whom: the proposal with its reason first, then workers, stations, departments and teams with load, distance and hours.

import { el, fill } from "./dom.js";
import { metres } from "./map.js";
import { needs } from "./matter.js";
import { Choice, field } from "./sheet.js";

const KINDS = ["worker", "station", "department", "team"];

export class Dispatch {
  constructor(desk) {
    this.desk = desk;
  }

  open(matter, wanted) {
    const { sheet, words, map } = this.desk;
    const ways = (matter.possible || []).filter((step) => needs(step, "party") && !step.why_not);
    const step = ways.find((one) => one.step === wanted.step) || wanted;
    Object.assign(this, { matter, step, kind: this.#kindOf(step, matter) });
    this.choice = new Choice({ label: words.candidates, onChosen: (_, at) => map.offer(matter, this.choice.rows, at), onSend: () => sheet.submit() });
    this.tabs = el("div", { class: "tabs", role: "group", "aria-label": words.candidates },
      KINDS.map((kind) => el("button", { type: "button", data: { kind }, onclick: () => this.load(kind) }, words.kinds[kind])));
    this.choice.list.addEventListener("keydown", (event) => this.#sideways(event));
    const way = ways.length > 1 ? field(words.how, el("select", { onchange: (event) => this.#another(ways[event.target.selectedIndex]) },
      ways.map((one) => el("option", { text: one.title, selected: one.step === step.step })))) : null;
    this.asked = el("div");
    sheet.open({
      name: `${matter.id}:${step.step}`,
      title: `${step.title} · ${matter.number}`,
      content: [way, this.tabs, this.choice.list, this.asked].filter(Boolean),
      action: step.title,
      base: matter.seq,
      focus: this.choice.list,
      onClose: () => map.clear(),
      run: (values, panel) => this.#send(values, panel),
    });
    this.#another(step);
    map.clickOffered = (at) => this.choice.choose(at);
    return this.load(this.kind);
  }

  #another(step) {
    const { sheet, words } = this.desk;
    this.step = step;
    const asked = (step.requires || []).map((one) => one.name || one).filter((name) => name !== "party");
    const names = asked.length ? asked : ["note"];
    this.asked.replaceChildren(...names.map((name) => field(asked.length ? words.fields[name] || name : words.note_optional, el("textarea", { name, rows: "2", required: asked.length > 0, maxlength: "2000" }))));
    if (sheet.go) sheet.go.textContent = step.title;
  }

  async load(kind) {
    const { api, words, sheet } = this.desk;
    const { matter, choice } = this;
    const { panel } = sheet;
    this.kind = kind;
    for (const tab of this.tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.kind === kind));
    choice.list.setAttribute("aria-busy", "true");
    const proposed = kind === this.#kindOf(this.step, matter) ? this.#proposed(matter) : null; // it is shown among its like
    if (!choice.rows.length) choice.say(words.finding);
    try {
      const found = await api.get(`/api/v1/desk/events/${matter.id}/candidates`, { kind });
      if (this.kind !== kind || !sheet.isShown(panel)) return;
      const others = found.rows.filter((row) => row.party !== proposed?.party).map((row) => ({ ...row, proposed: row.proposed && !proposed }));
      const same = found.rows.find((row) => row.party === proposed?.party);
      const rows = proposed ? [{ ...same, ...proposed }, ...others] : others;
      if (rows.length) choice.fill(rows, (row) => this.#row(row));
      else choice.say(words.nobody);
    } catch (error) {
      if (this.kind !== kind || !sheet.isShown(panel)) return;
      if (proposed) choice.fill([proposed], (row) => this.#row(row));
      sheet.tell("failed", api.told(error));
    }
  }

  #proposed(matter, step = this.step) {
    const told = matter.proposal?.party;
    if (step.kind !== "dispatch" && told?.party === matter.owner?.party) return null; // who has it already is not given it again
    return told ? { party: told.party, title: told.title, reason: matter.proposal.party_reason || "", proposed: true } : null;
  }

  // The kind of whom the rules propose; where it is none of those listed, as a village's office, he stands before the workers.
  #kindOf(step, matter) {
    const kind = this.#proposed(matter, step)?.party.split(":")[0];
    return KINDS.includes(kind) ? kind : KINDS[0];
  }

  #row(row) {
    const { words } = this.desk;
    const isShut = row.hours?.open === false;
    const hours = row.hours?.words ? el("span", { class: isShut ? "shut" : "", text: isShut ? fill(words.shut_now, { hours: row.hours.words }) : row.hours.words }) : null;
    const facts = [
      row.detail && el("span", { text: row.detail }),
      row.load !== undefined && row.load !== null && el("span", { text: fill(words.load, { n: row.load }) }),
      row.distance_m > 0 && el("span", { text: metres(row.distance_m, words) }),
      row.minutes !== undefined && row.minutes !== null && el("span", { text: fill(words.minutes, { n: Math.ceil(row.minutes) }) }),
      hours,
    ].filter(Boolean);
    return el("div", {}, el("p", { class: "who-for" }, el("b", { text: row.title }), row.proposed ? el("span", { class: "badge strong", text: words.proposed }) : null),
      el("p", { class: "facts" }, facts), row.reason ? el("p", { class: "soft", text: row.reason }) : null);
  }

  #sideways(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.load(KINDS[(KINDS.indexOf(this.kind) + by + KINDS.length) % KINDS.length]);
  }

  #send(values, panel) {
    const { sheet, words, steps } = this.desk;
    const chosen = this.choice.chosen;
    if (!chosen) {
      sheet.tell("failed", words.choose_first);
      return undefined;
    }
    const title = fill(words.given_to, { step: this.step.title, who: chosen.title });
    return steps.send(this.matter, { ...this.step, title }, { ...values, party: chosen.party }, panel);
  }
}
