// What is said beside the steps: orders with their receipts, milestones of the key list, the log that one shift hands to the next.

import { el, fill } from "./dom.js";
import { field } from "./sheet.js";

export class Talk {
  constructor(desk) {
    this.desk = desk;
  }

  rows(found) {
    return found.orders || found.lines || [];
  }

  // -- orders ----------------------------------------------------------------------------------------------------------

  async order(matter) {
    const { sheet, words, config, api } = this.desk;
    const to = el("select", { name: "to", required: true, "data-first": "" }, config.parties.filter((one) => one.party.startsWith("unit:")).map(({ party, title }) => el("option", { value: party, text: title })));
    const list = el("ul", { class: "kin" });
    sheet.open({
      name: `order:${matter?.id || ""}`,
      title: matter ? `${words.order} · ${matter.number}` : words.order,
      content: [field(words.order_to, to), field(words.order_text, el("textarea", { name: "text", rows: "3", required: true, maxlength: "2000" })),
        field(words.order_due, el("input", { type: "date", name: "due_at", "data-moment": config.day_ends })), el("h4", { text: words.orders }), list],
      action: words.order_send,
      run: async (values) => {
        await api.send("/api/v1/desk/orders", { to: values.to, text: values.text, event_id: matter?.id ?? null, due_at: values.due_at ?? null });
        sheet.close({ done: true });
        this.desk.did(matter, words.order_sent);
      },
    });
    if (matter) this.#people(to, matter);
    this.#orders(list);
  }

  async #people(select, matter) {
    try {
      const found = await this.desk.api.get(`/api/v1/desk/events/${matter.id}/candidates`, { kind: "worker" });
      select.prepend(...found.rows.filter((row) => row.party.startsWith("person:")).map((row) => el("option", { value: row.party, text: row.title })));
      select.selectedIndex = 0;
    } catch {
      // the townships stay to choose from
    }
  }

  async #orders(list) {
    const { api, words } = this.desk;
    try {
      const found = this.rows(await api.get("/api/v1/desk/orders"));
      list.replaceChildren(...(found.length ? found.slice(0, 20).map((one) => this.#orderRow(one)) : [el("li", { class: "soft", text: words.no_orders })]));
    } catch (error) {
      list.replaceChildren(el("li", { class: "failed", text: api.told(error) }));
    }
  }

  #orderRow(one) {
    const { words, clock, api } = this.desk;
    const to = one.to?.title || "";
    const receipts = el("ul", { class: "receipts" });
    const open = el("details", { ontoggle: async (event) => {
      if (!event.target.open || receipts.children.length) return;
      try {
        const whole = await api.get(`/api/v1/desk/orders/${one.id}`);
        receipts.replaceChildren(...(whole.receipts || []).map((receipt) => el("li", {}, receipt.name, " ", receipt.read_at ? `✓ ${fill(words.read_at, { at: clock.short(receipt.read_at) })}` : `○ ${words.unread}`)));
      } catch (error) {
        receipts.replaceChildren(el("li", { class: "failed", text: api.told(error) }));
      }
    } }, el("summary", { text: fill(words.receipts_n, { read: one.read, total: one.told }) }), receipts);
    const mine = one.mine && !one.read_at ? el("button", { type: "button", class: "small", onclick: (event) => this.#read(one, event.target) }, words.order_read) : null;
    return el("li", {}, el("b", { text: to }), ` ${clock.short(one.given_at)} `, el("p", { text: one.text }), mine, open);
  }

  async #read(one, button) {
    try {
      await this.desk.api.send(`/api/v1/desk/orders/${one.id}/read`, {});
      button.replaceWith("✓");
    } catch (error) {
      this.desk.sheet.tell("failed", this.desk.api.told(error));
    }
  }

  // -- milestones ------------------------------------------------------------------------------------------------------

  milestone(matter) {
    const { sheet, words, api } = this.desk;
    sheet.open({
      name: `${matter.id}:milestone`,
      title: `${words.milestone_add} · ${matter.number}`,
      content: [field(words.milestone_title, el("input", { type: "text", name: "title", required: true, maxlength: "200" })), field(words.milestone_due, el("input", { type: "date", name: "due_on", required: true }))],
      action: words.milestone_add,
      run: async (values) => {
        await api.send(`/api/v1/desk/events/${matter.id}/milestones`, { title: values.title, due_on: values.due_on });
        sheet.close({ done: true });
        this.desk.did(matter, words.milestone_added);
      },
    });
  }

  milestoneDone(matter, one) {
    const { sheet, words, api } = this.desk;
    sheet.open({
      name: `${matter.id}:milestone:${one.id}`,
      title: `${words.milestone_done} · ${one.title}`,
      content: field(words.note, el("textarea", { name: "note", rows: "2", maxlength: "2000" })),
      action: words.milestone_done,
      run: async (values) => {
        await api.send(`/api/v1/desk/milestones/${one.id}/done`, { note: values.note || "" });
        sheet.close({ done: true });
        this.desk.did(matter, words.milestone_closed);
      },
    });
  }

  // -- the shift log ---------------------------------------------------------------------------------------------------

  async shift(matter) {
    const { sheet, words, api } = this.desk;
    const list = el("ol", { class: "history" });
    const about = matter ? el("label", { class: "tick" }, el("input", { type: "checkbox", name: "about", value: matter.id }), fill(words.shift_about, { number: matter.number })) : null;
    const people = el("select", { name: "to" }, el("option", { value: "", text: words.shift_to_nobody }), this.desk.config.colleagues.map(({ party, title }) => el("option", { value: party, text: title })));
    sheet.open({
      name: "shift",
      title: words.shift_log,
      content: [field(words.shift_text, el("textarea", { name: "text", rows: "3", required: true, maxlength: "4000" })), about, field(words.shift_to, people), el("h4", { text: words.shift_entries }), list].filter(Boolean),
      action: words.shift_write,
      run: async (values) => {
        if (values.to) await api.send("/api/v1/desk/shift-log/handover", { to: values.to, text: values.text });
        else await api.send("/api/v1/desk/shift-log", { text: values.text, event_id: values.about ?? null });
        sheet.drafts.delete("shift");
        for (const one of sheet.body.querySelectorAll("textarea")) one.value = "";
        sheet.tell("done", values.to ? words.handed_over : words.shift_written);
        this.#entries(list);
      },
    });
    this.#entries(list);
  }

  async #entries(list) {
    const { api, words } = this.desk;
    try {
      const found = await api.get("/api/v1/desk/shift-log");
      const rows = this.rows(found);
      list.replaceChildren(...(rows.length ? rows.slice(0, 50).map((one) => this.#entry(one, list)) : [el("li", { class: "soft", text: words.shift_empty })]));
    } catch (error) {
      list.replaceChildren(el("li", { class: "failed", text: api.told(error) }));
    }
  }

  #entry(one, list) {
    const { words, clock, api, sheet } = this.desk;
    const { handover } = one;
    const to = handover?.to?.title || "";
    const accept = handover?.mine && !handover.accepted_at
      ? el("button", { type: "button", class: "small", onclick: async () => {
        try {
          await api.send(`/api/v1/desk/shift-log/handover/${one.id}/accept`, {});
          this.#entries(list);
        } catch (error) {
          sheet.tell("failed", api.told(error));
        }
      } }, words.shift_accept) : null;
    const state = !handover ? "" : handover.accepted_at ? fill(words.shift_accepted, { at: clock.short(handover.accepted_at) }) : words.shift_waits;
    return el("li", {}, el("time", { text: clock.short(one.at), title: clock.at(one.at) }), el("b", { text: one.by?.title || "" }),
      handover ? el("span", { class: "badge", text: `→ ${to} · ${state}` }) : null, el("p", { text: one.text }), accept);
  }
}
