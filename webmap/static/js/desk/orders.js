// Orders: to one worker or to all of a place; who read them comes in by itself while the panel is open.

import { el, fill } from "./dom.js";
import { field } from "./sheet.js";

const AGAIN_MS = 4_000;
const MOST_SHOWN = 30;

export class Orders {
  constructor(desk) {
    this.desk = desk;
  }

  async open(matter) {
    const { sheet, words, config } = this.desk;
    this.list = el("ul", { class: "kin orders" });
    this.open_ids = new Set();
    const form = config.may_order ? this.#form(matter) : [];
    sheet.open({
      name: `order:${matter?.id || ""}`,
      title: config.may_order ? (matter ? `${words.order} · ${matter.number}` : words.order) : words.orders,
      content: [...form, el("h4", { text: words.orders }), this.list],
      action: config.may_order ? words.order_send : null,
      run: config.may_order ? (values, panel) => this.#send(matter, values, panel) : null,
      onClose: () => clearInterval(this.timer),
    });
    clearInterval(this.timer);
    this.timer = setInterval(() => document.visibilityState === "visible" && this.#read_again(), AGAIN_MS);
    if (form.length && matter) this.#nearest(matter);
    await this.#read_again();
  }

  // -- giving one ------------------------------------------------------------------------------------------------------

  #form(matter) {
    const { words, config, clock } = this.desk;
    const units = config.order_to.map(({ party, title }) => el("option", { value: party, text: title }));
    this.near = el("optgroup", { label: words.order_near, hidden: true });
    this.to = el("select", { name: "to", required: true, "data-first": "", onchange: () => this.#people() }, el("option", { value: "", text: "—" }), this.near,
      el("optgroup", { label: words.order_places }, units));
    this.one = el("select", { name: "one", disabled: true });
    this.oneField = field(words.order_one, this.one);
    this.oneField.hidden = true;
    return [field(words.order_to, this.to), this.oneField, field(words.order_text, el("textarea", { name: "text", rows: "3", required: true, maxlength: "2000" })),
      field(words.order_due, el("input", { type: "date", name: "due_at", min: clock.today(), "data-moment": config.day_ends }))];
  }

  async #send(matter, values, panel) {
    const { api, sheet, words } = this.desk;
    const body = { to: values.one || values.to, text: values.text, event_id: matter?.id ?? null, due_at: values.due_at ?? null };
    await api.send("/api/v1/desk/orders", body);
    if (!sheet.isShown(panel)) {
      sheet.done(panel);
      this.desk.tell(words.order_sent);
      return;
    }
    sheet.drafts.delete(panel.name);
    for (const one of sheet.body.querySelectorAll("textarea, input[type=date]")) one.value = "";
    sheet.tell("done", words.order_sent);
    await this.#read_again();
  }

  // Who is near the matter, first; the places stay to choose from where nobody is.
  async #nearest(matter) {
    const { near } = this;
    try {
      const found = await this.desk.api.get(`/api/v1/desk/events/${matter.id}/candidates`, { kind: "worker" });
      near.replaceChildren(...found.rows.filter((row) => row.party.startsWith("person:")).map((row) => el("option", { value: row.party, text: row.title })));
      near.hidden = !near.children.length;
    } catch {
      near.hidden = true;
    }
  }

  // All of the chosen place, or one of them by name.
  async #people() {
    const { api, words } = this.desk;
    const asked = this.to.value;
    const isUnit = asked.startsWith("unit:");
    this.oneField.hidden = true;
    this.one.disabled = true;
    if (!isUnit) return;
    try {
      const found = await api.get("/api/v1/desk/orders/people", { unit: asked.slice("unit:".length) });
      if (this.to.value !== asked) return;
      this.one.replaceChildren(el("option", { value: "", text: fill(words.order_all, { n: found.total }) }), ...found.people.map(({ party, title }) => el("option", { value: party, text: title })));
      this.one.disabled = false;
      this.oneField.hidden = false;
    } catch {
      // all of the place stay who it goes to
    }
  }

  // -- those given and received ----------------------------------------------------------------------------------------

  async #read_again() {
    const { api, words } = this.desk;
    const { list } = this;
    try {
      const { orders } = await api.get("/api/v1/desk/orders");
      const shown = orders.slice(0, MOST_SHOWN);
      const same = list.children.length === shown.length && shown.every((one, at) => list.children[at].dataset.id === String(one.id));
      if (!shown.length) list.replaceChildren(el("li", { class: "soft", text: words.no_orders }));
      else if (!same) list.replaceChildren(...shown.map((one) => this.#row(one)));
      shown.forEach((one, at) => this.#count(list.children[at], one));
    } catch (error) {
      if (!list.children.length) list.replaceChildren(el("li", { class: "failed", text: api.told(error) }));
    }
  }

  #row(one) {
    const { words, clock } = this.desk;
    const receipts = el("ul", { class: "receipts" });
    const open = el("details", { open: this.open_ids.has(one.id), ontoggle: (event) => {
      if (event.target.open) this.open_ids.add(one.id);
      else this.open_ids.delete(one.id);
      if (event.target.open) this.#receipts(one, receipts);
    } }, el("summary", {}), receipts);
    const mine = one.mine && !one.read_at ? el("button", { type: "button", class: "small", onclick: (event) => this.#read(one, event.target) }, words.order_read) : null;
    const about = one.event_number ? el("a", { href: `/events/${one.event_number}`, text: one.event_number }) : "";
    const due = one.due_at ? el("span", { class: "soft", text: ` ${fill(words.order_by, { at: clock.short(one.due_at) })}` }) : "";
    return el("li", { data: { id: String(one.id) } }, el("time", { class: "soft", text: `${clock.short(one.given_at)} ` }), `${one.given_by?.title || ""} → `, el("b", { text: one.to?.title || "" }), " ", about, due,
      el("p", { text: one.text }), mine, open);
  }

  #count(item, one) {
    const open = item.querySelector("details");
    if (!open) return;
    const told = fill(this.desk.words.receipts_n, { read: one.read, total: one.told });
    const before = open.dataset.read;
    open.querySelector("summary").textContent = told;
    open.dataset.read = String(one.read);
    if (open.open && before !== undefined && before !== String(one.read)) this.#receipts(one, open.querySelector(".receipts"));
  }

  async #receipts(one, list) {
    const { api, words, clock } = this.desk;
    try {
      const whole = await api.get(`/api/v1/desk/orders/${one.id}`);
      list.replaceChildren(...(whole.receipts || []).map((receipt) => el("li", { class: receipt.read_at ? "read" : "" }, receipt.name, " ",
        receipt.read_at ? `✓ ${fill(words.read_at, { at: clock.short(receipt.read_at) })}` : `○ ${words.unread}`)));
    } catch (error) {
      list.replaceChildren(el("li", { class: "failed", text: api.told(error) }));
    }
  }

  async #read(one, button) {
    const { api, sheet } = this.desk;
    try {
      await api.send(`/api/v1/desk/orders/${one.id}/read`, {});
      button.remove();
      this.desk.talk.wait();
      await this.#read_again();
    } catch (error) {
      sheet.tell("failed", api.told(error));
    }
  }
}
