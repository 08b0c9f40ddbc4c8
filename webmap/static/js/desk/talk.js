// What is said beside the steps: orders, the shift log, milestones of the key list; and what of it waits for the reader.

import { el, fill } from "./dom.js";
import { Orders } from "./orders.js";
import { field } from "./sheet.js";
import { Shift } from "./shift.js";

const AGAIN_MS = 15_000;

export class Talk {
  constructor(desk) {
    this.desk = desk;
    this.orders = new Orders(desk);
    this.log = new Shift(desk);
    setInterval(() => document.visibilityState === "visible" && this.wait(), AGAIN_MS);
    this.wait();
  }

  order(matter) {
    return this.orders.open(matter);
  }

  shift(matter) {
    return this.log.open(matter);
  }

  // How many orders were not read, how many shifts not accepted: on the buttons that open them.
  async wait() {
    const { api, words } = this.desk;
    try {
      const { orders, handovers } = await api.get("/api/v1/desk/waiting");
      mark("order-open", orders, fill(words.orders_unread, { n: orders }));
      mark("log-open", handovers, fill(words.handovers_waiting, { n: handovers }));
    } catch {
      // the connection is told elsewhere
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
      run: async (values, panel) => {
        await api.send(`/api/v1/desk/events/${matter.id}/milestones`, { title: values.title, due_on: values.due_on });
        sheet.done(panel);
        this.desk.did(matter, words.milestone_added);
      },
    });
  }

  milestoneDone(matter, one) {
    const { sheet, words, api } = this.desk;
    sheet.open({
      name: `${matter.id}:milestone:${one.id}`,
      title: `${words.milestone_done} · ${one.title}`,
      content: field(words.milestone_note, el("textarea", { name: "note", rows: "2", required: true, maxlength: "1000" })),
      action: words.milestone_done,
      run: async (values, panel) => {
        await api.send(`/api/v1/desk/milestones/${one.id}/done`, { note: values.note || "" });
        sheet.done(panel);
        this.desk.did(matter, words.milestone_closed);
      },
    });
  }
}

function mark(id, count, told) {
  const button = document.getElementById(id);
  button.dataset.count = count || "";
  button.title = count ? told : "";
}
