// The one panel in which something is decided: fields, what went wrong, what somebody else did meanwhile. Nothing typed is lost.

import { el, fill, newKey } from "./dom.js";

export class Sheet {
  constructor(host, { api, words, clock, onClosed, onLate }) {
    Object.assign(this, { host, api, words, clock, onClosed, onLate, drafts: new Map(), panel: null });
    this.form = host.querySelector("form");
    this.title = host.querySelector("h3");
    this.body = host.querySelector(".fields");
    this.told = host.querySelector(".told");
    this.foot = host.querySelector(".foot");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener("input", () => this.#keep());
    host.querySelector("[data-close]").addEventListener("click", () => this.close());
    host.addEventListener("keydown", (event) => this.#pressed(event));
    window.addEventListener("beforeunload", (event) => this.hasDrafts && event.preventDefault());
    window.addEventListener("offline", () => this.isOpen && this.tell("offline", words.offline));
    window.addEventListener("online", () => this.isOpen && this.told.dataset.face === "offline" && this.tell("", ""));
  }

  get isOpen() {
    return !this.host.hidden;
  }

  get hasDrafts() {
    return [...this.drafts.values()].some((draft) => Object.values(draft).some((value) => typeof value === "string" && value.trim()));
  }

  // Opens with `content`; `run` sends it and resolves when it is done. `name` is under what the typing is kept.
  // `run` is told which panel it was sent from: what comes back late is said of that one, and touches no other.
  open({ name, title, content, action, run, base = null, more = [], focus = null, onClose = null }) {
    this.leave?.();
    Object.assign(this, { panel: { name, title }, name, run, base, key: newKey(), leave: onClose, sending: false });
    this.title.textContent = title;
    this.body.replaceChildren(...[content].flat());
    this.body.oninput = null; // what the panel before listened to
    this.tell("", "");
    this.go = action ? el("button", { type: "submit", class: "main" }, action) : null;
    this.foot.replaceChildren(...[this.go, ...more].filter(Boolean));
    this.#restore();
    this.host.hidden = false;
    (focus || this.body.querySelector("[data-first], textarea, input, select, [tabindex='0']") || this.go || this.title).focus();
  }

  close({ done = false } = {}) {
    if (!this.isOpen) return;
    if (done) this.drafts.delete(this.name);
    this.host.hidden = true;
    this.panel = null;
    const leave = this.leave;
    this.leave = null;
    leave?.();
    this.onClosed();
  }

  isShown(panel) {
    return panel !== null && this.panel === panel;
  }

  // What was sent from `panel` is done: what was typed there may go, and so may the panel where it is still the one that is open.
  done(panel) {
    if (this.isShown(panel)) this.close({ done: true });
    else if (!this.isOpen || this.name !== panel.name) this.drafts.delete(panel.name);
  }

  // What the fields hold, by name; numbers as numbers, empty ones left out.
  values() {
    const found = {};
    for (const field of this.body.querySelectorAll("[name]:not(:disabled)")) {
      if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
      const value = field.value.trim();
      if (!value) continue;
      found[field.name] = field.type === "number" ? Number(value) : field.dataset.moment ? `${value}T${field.dataset.moment}` : value;
    }
    return found;
  }

  tell(face, text) {
    this.told.dataset.face = face;
    this.told.replaceChildren(...[text].flat());
    this.told.hidden = !text || !text.length;
  }

  async submit() {
    if (this.sending || !this.run || this.go?.disabled || this.go?.hidden || !this.form.reportValidity()) return; // the keyboard asks for what the button asks for
    const { panel } = this;
    this.sending = true;
    if (this.go) this.go.disabled = true;
    this.tell("sending", this.words.sending);
    try {
      await this.run(this.values(), panel);
    } catch (error) {
      if (this.isShown(panel)) this.tell(error.status ? "failed" : "offline", this.#said(error));
      else this.onLate(fill(this.words.late, { title: panel.title, reason: this.api.told(error) }));
    }
    if (!this.isShown(panel)) return;
    this.sending = false;
    if (this.go) this.go.disabled = false;
  }

  // The session is over: said at once, and gone again as soon as there is one.
  over(isOver) {
    if (!this.isOpen || isOver === (this.told.dataset.face === "over")) return;
    if (isOver) this.tell("over", this.#loginTold(this.words.session_over));
    else this.tell("", "");
  }

  #loginTold(text) {
    return [el("span", { text }), " ", el("a", { href: "/login?next=/desk", target: "_blank", rel: "noopener", text: this.words.log_in })];
  }

  #said(error) {
    const text = this.api.told(error);
    return error.status === 401 ? this.#loginTold(text) : text;
  }

  // Somebody was quicker: says what was done, keeps what is typed, and sends on the new state only when told to.
  conflict(matter, before, isStillPossible) {
    const since = (matter.history || []).filter((step) => step.seq > before);
    const rows = since.map((step) => el("li", {}, el("b", { text: step.title }), ` · ${step.actor} · ${this.clock.short(step.at)}`, step.note ? el("p", { text: step.note }) : ""));
    const next = isStillPossible ? this.words.conflict_again : this.words.conflict_over;
    this.tell("conflict", [el("p", {}, el("b", { text: this.words.conflict })), el("ul", {}, rows), el("p", { text: next })]);
    this.base = matter.seq;
    this.key = newKey();
    if (!this.go) return;
    this.go.textContent = this.words.send_again;
    this.go.hidden = !isStillPossible;
  }

  #keep() {
    if (!this.name) return;
    const held = {};
    for (const field of this.body.querySelectorAll("textarea[name], input[type=text][name], input[type=number][name], input[type=date][name]")) held[field.name] = field.value;
    this.drafts.set(this.name, held);
  }

  #restore() {
    const held = this.drafts.get(this.name);
    if (!held) return;
    for (const field of this.body.querySelectorAll("[name]")) if (held[field.name]) field.value = held[field.name];
    if (Object.values(held).some(Boolean)) this.tell("kept", this.words.draft_kept);
  }

  #pressed(event) {
    if (event.isComposing) return; // the key belongs to the words that are being put together
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.submit();
    }
  }
}

// A list in a panel from which one is chosen: arrows, digits, a tap; Enter sends.
export class Choice {
  constructor({ label, onChosen, onSend }) {
    Object.assign(this, { onChosen, onSend, at: 0, rows: [] });
    this.list = el("ul", { role: "listbox", tabindex: "0", class: "choice", "aria-label": label, data: { first: "" }, onkeydown: (event) => this.#pressed(event) });
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("li[data-at]");
      if (item) this.choose(Number(item.dataset.at));
    });
  }

  get chosen() {
    return this.rows[this.at];
  }

  fill(rows, draw, chosen = 0) {
    this.rows = rows;
    this.list.replaceChildren(...rows.map((row, at) => el("li", { role: "option", data: { at }, id: `choice-${at}` }, el("i", { text: String(at + 1) }), draw(row))));
    this.list.setAttribute("aria-busy", "false");
    if (rows.length) this.choose(Math.min(chosen, rows.length - 1));
  }

  say(text, face = "") {
    this.rows = [];
    this.list.replaceChildren(el("li", { class: `face ${face}`, text }));
  }

  choose(at) {
    if (!this.rows[at]) return;
    this.at = at;
    [...this.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    this.list.setAttribute("aria-activedescendant", `choice-${at}`);
    this.list.children[at].scrollIntoView({ block: "nearest" });
    this.onChosen?.(this.rows[at], at);
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (by) this.choose(Math.max(0, Math.min(this.rows.length - 1, this.at + by)));
    else if (/^[1-9]$/.test(event.key)) this.choose(Number(event.key) - 1);
    else if (event.key === "Enter") this.onSend();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

export function field(title, input) {
  return el("label", {}, title, input);
}

export function counted(words, text, n) {
  return fill(words[text], { n });
}
