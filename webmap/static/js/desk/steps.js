// Steps of a matter: sent once, refused with what somebody else did meanwhile, or taken.

import { el, fill } from "./dom.js";
import { field } from "./sheet.js";

const LONG = new Set(["note", "reason", "agreement", "consent", "outcome", "text"]);
// Triage asks for the complexity first: it is what the rules propose.
const FIRST = ["complexity", "why", "category", "handling", "amount_yuan"];

export class Steps {
  constructor(desk) {
    this.desk = desk;
  }

  // Sends a step of `matter` from `panel`.
  async send(matter, step, details, panel) {
    const { api, sheet } = this.desk;
    const base = sheet.base ?? matter.seq;
    try {
      await api.send(`/api/v1/events/${matter.id}/steps`, { step: step.step, details, base_seq: base, key: sheet.key });
    } catch (error) {
      if (!error.isConflict || !sheet.isShown(panel)) throw error;
      const found = await this.desk.matter.show(matter.id);
      if (!found || !sheet.isShown(panel)) throw error;
      const possible = (found.possible || []).some((one) => one.step === step.step && !one.why_not) || ["approve", "refuse", "note"].includes(step.step);
      sheet.conflict(found, base, possible);
      return false;
    }
    sheet.done(panel);
    const { did, asked } = this.desk.words;
    this.desk.did(matter, fill(step.approver ? asked : did, { step: step.title, number: matter.number }));
    return true;
  }

  // A step without anything to say is sent at once where it can be taken back or harms nobody; others ask first.
  open(matter, step) {
    const { sheet, words } = this.desk;
    const fields = this.#fields(matter, step);
    const approver = step.approver ? el("p", { class: "soft", text: fill(words.needs_approval, { who: step.approver_title || step.approver }) }) : "";
    sheet.open({
      name: `${matter.id}:${step.step}`,
      title: `${step.title} · ${matter.number}`,
      content: [approver, ...fields].filter(Boolean),
      action: step.title,
      base: matter.seq,
      run: (values, panel) => this.send(matter, step, this.#details(matter, values), panel),
    });
  }

  #fields(matter, step) {
    const { words } = this.desk;
    const asked = (step.requires || []).filter((one) => one.name !== "party");
    const made = [];
    for (const one of asked) {
      const input = this.#input(matter, one);
      const title = one.required === false ? fill(words.optional, { title: one.title }) : one.title;
      made.push(field(title, input), ...this.#besides(matter, one, input, asked));
      if (one.name === "complexity" && matter.proposal?.rule) made.push(el("p", { class: "soft why", text: fill(words.rule_fired, { rule: matter.proposal.rule }) }));
    }
    if (asked.some((one) => one.name === "complexity")) made.sort((a, b) => rank(a) - rank(b));
    if (!asked.some((one) => one.name === "note")) made.push(field(words.note_optional, el("textarea", { name: "note", rows: "2", maxlength: "2000" })));
    return made;
  }

  // What the chosen one of several asks for besides, as the reason of a pause does: shown and sent with it alone.
  #besides(matter, { choices }, select, asked) {
    const known = new Set(asked.map((one) => one.name));
    const fields = new Map();
    for (const choice of choices || []) {
      for (const one of choice.requires || []) if (!known.has(one.name) && !fields.has(one.name)) fields.set(one.name, field(one.title, this.#input(matter, one)));
    }
    const show = () => {
      const needed = new Set((choices || []).find((one) => one.code === select.value)?.requires?.map((one) => one.name));
      for (const [name, made] of fields) {
        made.hidden = !needed.has(name);
        made.querySelector("[name]").disabled = made.hidden;
      }
    };
    if (fields.size) {
      select.addEventListener("change", show);
      show();
    }
    return [...fields.values()];
  }

  #input(matter, { name, kind, choices, required }) {
    const need = required !== false;
    if (choices?.length) return this.#select(name, choices, need, this.#now(matter, name));
    if (kind === "number") return el("input", { type: "number", name, required: need, step: name === "rating" ? "1" : "any", min: "0", max: name === "rating" ? "5" : null });
    if (kind === "time") return el("input", { type: "date", name, required: need, "data-moment": this.desk.config.day_ends });
    if (kind === "date") return el("input", { type: "date", name, required: need });
    if (LONG.has(name)) return el("textarea", { name, required: need, rows: "3", maxlength: "2000" });
    return el("input", { type: "text", name, required: need, maxlength: "500", placeholder: kind === "duration" ? "5wd" : null });
  }

  #select(name, choices, need, now) {
    const known = choices.some((one) => one.code === now);
    const rows = choices.map(({ code, title }) => el("option", { value: code, text: title, selected: code === now }));
    return el("select", { name, required: need, "data-first": name === "complexity" }, known || need ? null : el("option", { value: "", text: "—", selected: true }), rows);
  }

  // What stands already; of the complexity, what the rules propose.
  #now(matter, name) {
    if (name === "complexity") return matter.proposal?.complexity?.code || matter.complexity?.code || "";
    return matter[name]?.code || "";
  }

  // What stands as it was is not sent again: a new category brings its own handling type.
  #details(matter, values) {
    const details = { ...values };
    if (details.category === matter.category?.code) delete details.category;
    if (details.handling && (details.category || details.handling === matter.handling?.code)) delete details.handling;
    return details;
  }

  note(matter) {
    const { sheet, words } = this.desk;
    sheet.open({
      name: `${matter.id}:note`,
      title: `${words.note} · ${matter.number}`,
      content: field(words.note, el("textarea", { name: "note", rows: "4", required: true, maxlength: "2000" })),
      action: words.note_save,
      base: matter.seq,
      run: (values, panel) => this.send(matter, { step: "note", title: words.note }, values, panel),
    });
  }

  approvals(matter) {
    const { sheet, words, clock } = this.desk;
    const asked = matter.approvals.filter((one) => one.may_decide);
    const rows = asked.map((one, at) => el("label", { class: "tick" }, el("input", { type: "radio", name: "proposal", value: String(one.seq), checked: at === 0, "data-first": at === 0 }),
      el("span", {}, el("b", { text: one.title }), ` · ${one.asked_by} · ${clock.ago(one.at)} `, el("span", { class: "soft", text: (one.told || []).map(({ title, value }) => `${title}${words.colon}${value}`).join(" · ") }))));
    const decide = (step) => (values, panel) => {
      const chosen = asked.find((one) => String(one.seq) === values.proposal) || asked[0];
      const details = { proposal: chosen.seq, ...(values.reason ? { reason: values.reason } : {}) };
      return this.send(matter, { step, title: `${words[step]} ${chosen.title}` }, details, panel);
    };
    const refuse = el("button", { type: "button", onclick: async () => {
      if (!sheet.values().reason) return sheet.tell("failed", words.refuse_reason);
      const { panel } = sheet;
      sheet.run = decide("refuse");
      await sheet.submit();
      if (sheet.isShown(panel) && sheet.told.dataset.face !== "conflict") sheet.run = decide("approve"); // the first button says approve, and does
      return undefined;
    } }, words.refuse);
    const content = [...rows, field(words.reason_if_refused, el("textarea", { name: "reason", rows: "2", maxlength: "2000" }))];
    sheet.open({ name: `${matter.id}:approve`, title: `${words.waits} · ${matter.number}`, content, action: words.approve, base: matter.seq, more: [refuse], run: decide("approve") });
  }
}

function rank(made) {
  const name = made.classList.contains("why") ? "why" : made.querySelector("[name]")?.name;
  const at = FIRST.indexOf(name);
  return at < 0 ? FIRST.length : at;
}
