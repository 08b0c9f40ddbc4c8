// The numbers of the hall: drawn, called, served, moved; how many wait at each window and how long.

import { post } from "./session.js";

const EVERY_MS = 10_000;

export class Numbers {
  constructor(config, onServe) {
    Object.assign(this, { config, onServe, words: config.words });
    this.told = document.getElementById("queue-told");
    this.host = document.getElementById("queue");
    this.host.addEventListener("click", (event) => this.#clicked(event));
    this.host.addEventListener("change", (event) => {
      if (event.target.matches("[data-move]") && event.target.value) this.#do("move", event.target, { to: event.target.value });
    });
  }

  start() {
    this.#draw(this.config.queue);
    this.timer = setInterval(() => this.#refresh(), EVERY_MS);
  }

  async #refresh() {
    if (!document.contains(this.host)) {
      clearInterval(this.timer);
      return;
    }
    if (document.activeElement?.matches("[data-move]")) return;
    try {
      const answer = await fetch(`/window/queue?window=${this.config.window}`, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) return;
      this.#draw(await answer.json());
      if (this.told.textContent === this.words.offline) this.told.textContent = "";
    } catch {
      this.told.textContent = this.words.offline;
    }
  }

  #clicked(event) {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    if (button.dataset.do === "serve") this.onServe(this.tickets.get(button.closest("li").dataset.id));
    else this.#do(button.dataset.do, button);
  }

  async #do(what, source, more = {}) {
    const ticket = source.closest("li[data-id]")?.dataset.id || "";
    const body = new URLSearchParams({ do: what, window: this.config.window, ticket, ...more });
    source.disabled = true;
    this.told.textContent = "";
    try {
      const answer = await post(this.config, "/window/tickets", body, "application/json");
      const found = await answer.json();
      if (!answer.ok) throw new Error(found.message);
      this.#draw(found);
      if (what === "draw") this.#slip(found.ticket);
      if (what === "call") this.onServe(found.ticket);
    } catch (error) {
      this.told.textContent = error instanceof TypeError || error instanceof DOMException ? this.words.offline : error.message;
    }
    source.disabled = false;
  }

  #slip(ticket) {
    const link = document.createElement("a");
    link.href = `/window/tickets/${ticket.id}`;
    link.textContent = this.words.slip.replace("{label}", ticket.label);
    link.target = "_blank";
    link.rel = "noopener";
    this.told.replaceChildren("✓ ", link);
  }

  #draw(queue) {
    this.tickets = new Map([...queue.called, ...queue.waiting].map((one) => [String(one.id), one]));
    document.getElementById("called").replaceChildren(...queue.called.map((one) => this.#row(one, true)));
    document.getElementById("waiting").replaceChildren(...queue.waiting.map((one) => this.#row(one, false)));
    if (!queue.waiting.length) document.getElementById("waiting").textContent = this.words.nobody;
    document.getElementById("halls").replaceChildren(...queue.windows.map((one) => this.#window(one, queue.window)));
  }

  #row(ticket, called) {
    const row = document.getElementById("ticket").content.firstElementChild.cloneNode(true);
    row.dataset.id = ticket.id;
    row.querySelector("b").textContent = ticket.label;
    row.querySelector(".soft").textContent = `${ticket.state.title} · ${this.words.waiting_min.replace("{n}", ticket.waited_min)}`;
    const deeds = document.getElementById("deeds").content.cloneNode(true);
    if (!called) for (const button of deeds.querySelectorAll("button")) button.remove();
    row.querySelector(".deeds").append(deeds);
    return row;
  }

  #window(one, current) {
    const row = document.createElement("tr");
    const name = document.createElement("th");
    name.scope = "row";
    const link = document.createElement("a");
    link.href = `/window?window=${one.code}`;
    link.textContent = `${one.letter} ${one.title}`;
    if (one.code === current) link.setAttribute("aria-current", "page");
    name.append(link);
    const cells = [one.count, one.count ? this.words.waiting_min.replace("{n}", one.longest_min) : "—"].map((text) => {
      const cell = document.createElement("td");
      cell.className = "n";
      cell.textContent = text;
      return cell;
    });
    row.append(name, ...cells);
    return row;
  }
}
