// The log that one shift hands to the next: lines are only added; who is named accepts.

import { el, fill } from "./dom.js";
import { field } from "./sheet.js";

const PAGE = 50;
const AGAIN_MS = 8_000;

export class Shift {
  constructor(desk) {
    this.desk = desk;
  }

  async open(matter) {
    const { sheet, words, config } = this.desk;
    if (!config.may_log) return this.desk.tell(words.shift_not_yours);
    this.list = el("ol", { class: "history" });
    this.more = el("button", { type: "button", class: "small", hidden: true, onclick: () => this.#earlier() }, words.shift_earlier);
    const about = matter ? el("label", { class: "tick" }, el("input", { type: "checkbox", name: "about", value: matter.id }), fill(words.shift_about, { number: matter.number })) : null;
    const people = el("select", { name: "to", onchange: () => (sheet.go.textContent = people.value ? words.shift_hand : words.shift_write) },
      el("option", { value: "", text: words.shift_to_nobody }), config.colleagues.map(({ party, title }) => el("option", { value: party, text: title })));
    const writes = config.may_write;
    sheet.open({
      name: "shift",
      title: words.shift_log,
      content: [...(writes ? [field(words.shift_text, el("textarea", { name: "text", rows: "3", required: true, maxlength: "4000" })), about, config.colleagues.length ? field(words.shift_to, people) : null] : []),
        el("h4", { text: words.shift_entries }), this.list, this.more].filter(Boolean),
      action: writes ? words.shift_write : null,
      run: writes ? (values, panel) => this.#write(values, people, panel) : null,
      onClose: () => clearInterval(this.timer),
    });
    clearInterval(this.timer);
    this.timer = setInterval(() => document.visibilityState === "visible" && !this.paged && this.#entries(), AGAIN_MS);
    this.paged = false;
    return this.#entries();
  }

  async #write(values, people, panel) {
    const { api, sheet, words } = this.desk;
    const body = { text: values.text, event_id: values.about ?? null };
    if (values.to) await api.send("/api/v1/desk/shift-log/handover", { ...body, to: values.to });
    else await api.send("/api/v1/desk/shift-log", body);
    const told = values.to ? words.handed_over : words.shift_written;
    if (!sheet.isShown(panel)) {
      sheet.done(panel);
      this.desk.tell(told);
      return;
    }
    sheet.drafts.delete(panel.name);
    sheet.body.querySelector("textarea").value = "";
    people.value = "";
    for (const one of sheet.body.querySelectorAll("input[name=about]")) one.checked = false;
    sheet.go.textContent = words.shift_write;
    sheet.tell("done", told);
    this.paged = false;
    await this.#entries();
  }

  async #entries() {
    const { api, words } = this.desk;
    try {
      const found = await api.get("/api/v1/desk/shift-log", { limit: PAGE });
      this.#earlierFrom(found.before);
      this.list.replaceChildren(...(found.lines.length ? found.lines.map((one) => this.#entry(one)) : [el("li", { class: "soft", text: words.shift_empty })]));
    } catch (error) {
      if (!this.list.children.length) this.list.replaceChildren(el("li", { class: "failed", text: api.told(error) }));
    }
  }

  async #earlier() {
    const { api, sheet } = this.desk;
    this.paged = true;
    try {
      const found = await api.get("/api/v1/desk/shift-log", { limit: PAGE, before: this.before });
      this.#earlierFrom(found.before);
      this.list.append(...found.lines.map((one) => this.#entry(one)));
    } catch (error) {
      sheet.tell("failed", api.told(error));
    }
  }

  #earlierFrom(before) {
    this.before = before;
    this.more.hidden = !before;
  }

  #entry(one) {
    const { words, clock } = this.desk;
    const { handover } = one;
    const state = !handover ? "" : handover.accepted_at ? `✓ ${fill(words.shift_accepted, { at: clock.short(handover.accepted_at) })}` : `○ ${words.shift_waits}`;
    const accept = handover?.mine && !handover.accepted_at ? el("button", { type: "button", class: "small main", onclick: () => this.#accept(one) }, words.shift_accept) : null;
    const about = one.event_number ? el("a", { href: `/events/${one.event_number}`, text: one.event_number, title: words.whole_page }) : null;
    return el("li", { data: { line: String(one.id) } }, el("time", { text: clock.short(one.at), title: clock.at(one.at) }), el("b", { text: one.by?.title || "" }),
      handover ? el("span", { class: "badge", text: `→ ${handover.to?.title || ""} · ${state}` }) : null, el("p", {}, one.text, about ? " " : "", about), accept);
  }

  async #accept(one) {
    const { api, sheet } = this.desk;
    try {
      await api.send(`/api/v1/desk/shift-log/handover/${one.id}/accept`, {});
      this.desk.talk.wait();
      await this.#entries();
    } catch (error) {
      sheet.tell("failed", api.told(error));
    }
  }
}
