// Steps of a matter: sent once, refused with what somebody else did meanwhile, or taken.

import { el, fill } from "./dom.js";
import { field } from "./sheet.js";

const LONG = new Set(["note", "reason", "agreement", "consent", "outcome", "text"]);
const TRIAGE = ["open", "triage"];

export class Steps {
  constructor(desk) {
    this.desk = desk;
  }

  // Sends a step of `matter` from the open panel.
  async send(matter, step, details) {
    const { api, sheet } = this.desk;
    const base = sheet.base ?? matter.seq;
    try {
      await api.send(`/api/v1/events/${matter.id}/steps`, { step: step.step, details, base_seq: base, key: sheet.key });
    } catch (error) {
      if (!error.isConflict) throw error;
      const found = await this.desk.matter.show(matter.id);
      if (!found) throw error;
      const possible = (found.possible || []).some((one) => one.step === step.step && !one.why_not) || ["approve", "refuse", "note"].includes(step.step);
      sheet.conflict(found, base, possible);
      return false;
    }
    sheet.close({ done: true });
    this.desk.did(matter, fill(this.desk.words.did, { step: step.title, number: matter.number }));
    return true;
  }

  // A step without anything to say is sent at once where it can be taken back or harms nobody; others ask first.
  open(matter, step) {
    const { sheet, words } = this.desk;
    const fields = this.#fields(matter, step);
    const approver = step.approver ? el("p", { class: "soft", text: fill(words.needs_approval, { who: step.approver.title || step.approver }) }) : "";
    sheet.open({
      name: `${matter.id}:${step.step}`,
      title: `${step.title} · ${matter.number}`,
      content: [approver, ...fields].filter(Boolean),
      action: step.title,
      base: matter.seq,
      run: (values) => this.send(matter, step, this.#details(matter, values)),
    });
  }

  #fields(matter, step) {
    const { words } = this.desk;
    const asked = (step.requires || []).map((one) => (typeof one === "string" ? { name: one, kind: "text", title: words.fields[one] || one } : one));
    const made = asked.filter((one) => one.name !== "party").map((one) => field(one.title || words.fields[one.name] || one.name, this.#input(one)));
    if (this.#sorts(step)) made.push(...this.#sorting(matter));
    if (!asked.some((one) => one.name === "note")) made.push(field(words.note_optional, el("textarea", { name: "note", rows: "2", maxlength: "2000" })));
    return made;
  }

  #sorts(step) {
    return TRIAGE.includes(step.kind) && this.desk.config.triages.includes(step.step);
  }

  #input({ name, kind, choices }) {
    if (choices?.length) {
      return el("select", { name, required: true }, choices.map((one) => (typeof one === "string" ? el("option", { value: one, text: one }) : el("option", { value: one.code ?? one.value, text: one.title ?? one.code }))));
    }
    if (kind === "number" || name === "rating" || name === "amount_yuan") return el("input", { type: "number", name, required: true, step: "any", min: "0" });
    if (kind === "date" || name === "until") return el("input", { type: "date", name, required: true, "data-moment": this.desk.config.day_ends });
    if (LONG.has(name)) return el("textarea", { name, required: true, rows: "3", maxlength: "2000" });
    return el("input", { type: "text", name, required: true, maxlength: "500" });
  }

  // What triage may say: what the rules propose stands there already, and the rule that says so.
  #sorting(matter) {
    const { config, words } = this.desk;
    const proposed = matter.proposal?.complexity?.code || matter.complexity?.code || "";
    const select = (name, rows, value) => el("select", { name, "data-known": value }, rows.map(({ code, title }) => el("option", { value: code, text: title, selected: code === value })));
    const why = matter.proposal?.rule ? el("p", { class: "soft why", text: fill(words.rule_fired, { rule: matter.proposal.rule }) }) : null;
    const made = [field(words.complexity, select("complexity", config.complexities, proposed))];
    if (why) made.push(why);
    made.push(field(words.category, select("category", this.#categories(matter), matter.category?.code || "")));
    if (config.handlings.length) made.push(field(words.handling, select("handling", config.handlings, matter.handling?.code || "")));
    return made;
  }

  #categories(matter) {
    const own = this.desk.config.categories;
    const known = own.some((one) => one.code === matter.category?.code);
    return known || !matter.category ? own : [matter.category, ...own];
  }

  // What stands as it was is not sent again: a new category brings its own handling type.
  #details(matter, values) {
    const details = { ...values };
    if (details.category && details.category === matter.category?.code) delete details.category;
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
      run: (values) => this.send(matter, { step: "note", title: words.note }, values),
    });
  }

  approvals(matter) {
    const { sheet, words, clock } = this.desk;
    const asked = matter.approvals;
    const rows = asked.map((one, at) => el("label", { class: "tick" }, el("input", { type: "radio", name: "proposal", value: String(one.seq), checked: at === 0, "data-first": at === 0 }),
      el("span", {}, el("b", { text: one.title }), ` · ${one.asked_by} · ${clock.ago(one.at)} `, el("span", { class: "soft", text: said(one.details) }))));
    const decide = (step) => (values) => {
      const chosen = asked.find((one) => String(one.seq) === values.proposal) || asked[0];
      const details = { proposal: chosen.seq, ...(values.reason ? { reason: values.reason } : {}) };
      return this.send(matter, { step, title: `${words[step]} ${chosen.title}` }, details);
    };
    const refuse = el("button", { type: "button", onclick: () => {
      if (!sheet.values().reason) return sheet.tell("failed", words.refuse_reason);
      sheet.run = decide("refuse");
      return sheet.submit();
    } }, words.refuse);
    const content = [...rows, field(words.reason_if_refused, el("textarea", { name: "reason", rows: "2", maxlength: "2000" }))];
    sheet.open({ name: `${matter.id}:approve`, title: `${words.waits} · ${matter.number}`, content, action: words.approve, base: matter.seq, more: [refuse], run: decide("approve") });
  }
}

function said(details) {
  return Object.entries(details || {}).filter(([, value]) => ["string", "number"].includes(typeof value)).map(([, value]) => value).join(" · ");
}
