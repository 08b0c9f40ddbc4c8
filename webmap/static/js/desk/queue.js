// The queue: rows in the order of their deadlines. What is selected keeps its place; what is new is marked and moves nothing.

import { el, fill, light } from "./dom.js";

const PAGE = 50;
const MOST_A_PAGE = 200;
const MOST_RENEWED = 2000; // rows that are read again; who loaded more sorts anew
const NEW_MS = 60_000;

export class Queue {
  constructor(host, { config, api, clock, words, onSelect, onPicked, onRows }) {
    Object.assign(this, { host, api, clock, words, onSelect, onPicked, onRows, offset: config.day_ends.slice(-6), district: config.district });
    this.list = host.querySelector("#rows");
    this.state = host.querySelector("#queue-state");
    this.turn = 0; // of the questions: what is answered to an earlier one is not shown under a later one
    this.rows = new Map();
    this.order = [];
    this.items = new Map();
    this.picked = new Set();
    this.fresh = new Map();
    this.selected = "";
    this.filter = {};
    this.list.addEventListener("click", (event) => this.#clicked(event));
    this.list.addEventListener("dblclick", () => this.onSelect(this.selected, { open: true }));
    this.list.addEventListener("scroll", () => this.#nearEnd() && this.more(), { passive: true });
  }

  get face() {
    return this.host.dataset.face;
  }

  get current() {
    return this.rows.get(this.selected);
  }

  // Loads the list anew, from its top.
  async load(filter, { select = "" } = {}) {
    const turn = ++this.turn;
    const isOther = JSON.stringify(filter) !== JSON.stringify(this.filter);
    this.filter = filter;
    this.clearPicked();
    this.fresh.clear();
    this.#face("loading");
    this.list.setAttribute("aria-busy", "true");
    try {
      const page = await this.#page({});
      if (turn !== this.turn) return;
      this.rows = new Map(page.rows.map((row) => [row.id, row]));
      this.order = page.rows.map((row) => row.id);
      this.next = page.next;
      this.items.clear();
      this.list.replaceChildren();
      this.list.scrollTop = 0;
      this.selected = "";
      this.#told(page);
      this.#draw();
      const first = this.rows.has(select) ? select : this.order[0];
      if (first) this.select(first, { quiet: Boolean(select) && first !== select });
      else this.onSelect("", {});
    } catch (error) {
      if (turn !== this.turn) return;
      if (isOther) this.#empty(); // the rows of another filter are no answer to this one
      this.#face("failed", this.api.told(error));
    }
    this.list.removeAttribute("aria-busy");
  }

  #empty() {
    this.rows.clear();
    this.items.clear();
    Object.assign(this, { order: [], next: null, selected: "" });
    this.list.replaceChildren();
    this.#mark();
    this.onSelect("", {});
  }

  async more() {
    if (!this.next || this.loading) return;
    const { turn } = this;
    this.loading = true;
    try {
      const page = await this.#page({ after: this.next });
      if (turn === this.turn) this.#append(page);
    } catch (error) {
      if (turn === this.turn) this.#face("failed", this.api.told(error));
    }
    this.#read();
  }

  #append(page) {
    this.next = page.next;
    this.#settle(page.rows);
    for (const row of page.rows) {
      if (!this.rows.has(row.id)) this.order.push(row.id);
      this.rows.set(row.id, row);
    }
    this.#told(page);
    this.#draw();
  }

  // Reads again what is shown: rows change in their places, new ones are put in and marked, gone ones leave unless selected.
  async refresh() {
    if (this.loading) {
      this.again = true;
      return;
    }
    if (this.face === "failed" && !this.order.length) {
      await this.load(this.filter);
      return;
    }
    const { turn } = this;
    this.loading = true;
    try {
      const wanted = Math.min(MOST_RENEWED, Math.max(PAGE, this.order.length));
      const page = await this.#pages(wanted);
      if (turn === this.turn) this.#renew(page, wanted);
    } catch (error) {
      if (turn === this.turn) this.#face("stale", this.api.told(error));
    }
    this.#read();
    if (this.#nearEnd()) this.more();
  }

  // The first `wanted` rows, however many questions that takes.
  async #pages(wanted) {
    const first = await this.#page({ limit: Math.min(MOST_A_PAGE, wanted) });
    const rows = [...first.rows];
    let { next } = first;
    while (next && rows.length < wanted) {
      const page = await this.#page({ limit: Math.min(MOST_A_PAGE, wanted - rows.length), after: next });
      rows.push(...page.rows);
      next = page.next;
    }
    return { ...first, rows, next };
  }

  #renew(page, wanted) {
    const isWhole = this.order.length <= wanted || !page.next; // all that is loaded was read again
    const wasCut = Boolean(this.next);
    if (isWhole) this.next = page.next;
    this.#merge(page, isWhole, wasCut);
    this.#told(page);
    this.#draw();
  }

  // What changed while an answer was on its way is asked for once it is there.
  #read() {
    this.loading = false;
    if (this.again) {
      this.again = false;
      this.refresh();
    }
  }

  // Of a list that was cut, what stands below all that was loaded is no news: it moved up when others left.
  #merge(page, isWhole, wasCut) {
    const seen = new Set(page.rows.map((row) => row.id));
    this.#settle(page.rows);
    const lastKnown = page.rows.findLastIndex((row) => this.rows.has(row.id));
    let before = "";
    for (const [rank, row] of page.rows.entries()) {
      if (!this.rows.has(row.id)) {
        const at = before ? this.order.indexOf(before) + 1 : 0;
        this.order.splice(at, 0, row.id);
        if (!wasCut || rank < lastKnown) this.fresh.set(row.id, Date.now());
      }
      this.rows.set(row.id, row);
      before = row.id;
    }
    for (const id of isWhole ? this.order : []) {
      const row = this.rows.get(id);
      if (row && !row.aside && !seen.has(id)) row.gone = page.next ? "sunk" : "left"; // it may be open still, below what is loaded
    }
    this.order = this.order.filter((id) => {
      const keep = !this.rows.get(id)?.gone || id === this.selected;
      if (!keep) this.#forget(id);
      return keep;
    });
  }

  // A matter that the list did not load, or does not hold, is put below the selected one; it goes when another is selected.
  aside(row) {
    if (!this.rows.has(row.id)) {
      this.rows.set(row.id, { ...row, aside: true });
      this.order.splice(this.order.indexOf(this.selected) + 1, 0, row.id);
    }
    this.select(row.id);
  }

  // What was put aside and is loaded now goes to its own place.
  #settle(rows) {
    const aside = new Set(rows.filter(({ id }) => this.rows.get(id)?.aside).map(({ id }) => id));
    this.order = this.order.filter((id) => !aside.has(id));
    for (const id of aside) this.rows.delete(id);
  }

  // A row as its matter was just read: what left the list says where it went.
  put({ id, state, stage, light, clock, owner, lead, handling, category, closed_at, seq, unplaced, border, supervised, urged, key_listed, parent }) {
    const known = this.rows.get(id);
    if (!known || !this.items.has(id)) return;
    const read = { state, stage, light, clock, owner, lead, handling, category, closed_at, seq, unplaced, border, supervised, urged, key_listed, parent };
    this.rows.set(id, { ...known, ...read });
    this.#draw();
  }

  #forget(id) {
    this.rows.delete(id);
    this.picked.delete(id);
    this.items.get(id)?.remove();
    this.items.delete(id);
  }

  #page(more) {
    return this.api.get("/api/v1/desk/queue", { limit: PAGE, ...this.asked, ...more });
  }

  // The filter as the server takes it.
  get asked() {
    return { ...this.filter, ...this.#days() };
  }

  // Days of the filter as the instants at which they begin and end, in the district's zone.
  #days() {
    const { reported_from: first, reported_to: last } = this.filter;
    return { ...(first && { reported_from: `${first}T00:00:00${this.offset}` }), ...(last && { reported_to: `${last}T23:59:59.999${this.offset}` }) };
  }

  #told(page) {
    this.counts = page.counts;
    this.total = page.total;
    this.#face(this.order.length ? "there" : "empty");
    this.onRows(page);
  }

  #face(name, text = "") {
    this.state.dataset.face = name;
    const filtered = Object.keys(this.filter).length > 0;
    const empty = filtered ? this.words.empty_filtered : this.words.empty;
    const said = { loading: this.words.loading, empty, stale: fill(this.words.stale, { reason: text }), failed: text }[name] || "";
    this.state.textContent = said;
    this.state.hidden = !said;
    this.host.dataset.face = name;
  }

  #nearEnd() {
    return this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 400;
  }

  // -- what is drawn ---------------------------------------------------------------------------------------------------

  #draw() {
    const anchor = this.#anchor();
    let last = null;
    for (const id of this.order) {
      const item = this.#item(this.rows.get(id));
      if (last ? last.nextElementSibling !== item : this.list.firstElementChild !== item) {
        if (last) last.after(item);
        else this.list.prepend(item);
      }
      last = item;
    }
    if (anchor && anchor.item.isConnected) this.list.scrollTop += anchor.item.offsetTop - this.list.scrollTop - anchor.offset;
    this.#mark();
  }

  // The row that must not move under the eye: the selected one while it is in view, else the first in view.
  #anchor() {
    const top = this.list.scrollTop;
    const inView = (item) => item && item.offsetTop + item.offsetHeight > top && item.offsetTop < top + this.list.clientHeight;
    const chosen = this.items.get(this.selected);
    const item = inView(chosen) ? chosen : [...this.items.values()].find(inView);
    return item && top > 0 ? { item, offset: item.offsetTop - top } : null;
  }

  #item(row) {
    const known = this.items.get(row.id);
    const drawn = JSON.stringify([row, this.fresh.has(row.id)]);
    if (known && known.drawn === drawn) return known;
    const item = known || el("li", { role: "option", id: `row-${row.id}`, data: { id: row.id } });
    item.drawn = drawn;
    item.replaceChildren(this.#lineOne(row), this.#lineTwo(row), this.#badges(row) || "");
    item.classList.toggle("gone", Boolean(row.gone));
    this.items.set(row.id, item);
    return item;
  }

  #lineOne(row) {
    const pick = el("input", { type: "checkbox", tabindex: "-1", class: "pick", "aria-label": this.words.pick, checked: this.picked.has(row.id) });
    const said = row.place || row.village || row.township || this.words.no_place;
    const told = without(row.words || "", said); // many reports begin with their address
    const place = el("span", { class: "place" }, without(said, this.district) || said, told ? el("span", { class: "soft", text: ` · ${told}` }) : null);
    return el("p", { class: "one" }, pick, el("b", { text: row.category?.title || row.kind.title }), place);
  }

  #lineTwo(row) {
    const due = el("span", { class: "due", text: row.closed_at ? this.clock.short(row.closed_at) : this.clock.due(row.clock), title: this.#dueTitle(row) });
    if (!row.closed_at && !row.clock) return el("p", { class: "two" }, el("span", { class: "light grey" }, el("i", { text: "○", "aria-hidden": "true" }), el("span", { text: this.words.span.none })), el("span", { class: "owner", text: row.owner?.title || "" }));
    const shown = row.closed_at ? el("span", { class: "light grey", text: row.state.title }) : light(row.light, this.words);
    return el("p", { class: "two" }, shown, due, el("span", { class: "owner", text: row.owner?.title || "" }));
  }

  #dueTitle(row) {
    return row.clock && !row.clock.paused ? `${row.clock.title} ${this.clock.at(row.clock.due_at)}` : row.clock?.title || "";
  }

  #badges(row) {
    const { badges } = this.words;
    const told = [
      this.fresh.has(row.id) && ["new", badges.fresh],
      row.danger && ["danger", badges.danger],
      row.gone && ["", row.gone === "sunk" && !row.closed_at ? badges.sunk : badges.gone],
      row.aside && ["", badges.aside],
      row.unplaced && ["", badges.unplaced],
      row.border && !row.unplaced && ["", badges.border],
      row.supervised && ["strong", badges.supervised],
      row.key_listed && ["strong", badges.key_listed],
      row.urged > 0 && ["", fill(badges.urged, { n: row.urged })],
      row.bounces > 0 && ["", fill(badges.bounces, { n: row.bounces })],
      row.children > 0 && ["", fill(badges.children, { n: row.children })],
      row.parent && ["", fill(badges.child, { number: row.parent.number })],
    ].filter(Boolean);
    return el("p", { class: "three" }, el("span", { class: "state", text: row.state.title }), told.map(([kind, text]) => el("span", { class: `badge ${kind}`, text })),
      el("span", { class: "number", text: row.number }));
  }

  #mark() {
    for (const [id, item] of this.items) {
      item.setAttribute("aria-selected", String(id === this.selected));
      item.querySelector(".pick").checked = this.picked.has(id);
      item.classList.toggle("picked", this.picked.has(id));
    }
    if (this.selected) this.list.setAttribute("aria-activedescendant", `row-${this.selected}`);
    else this.list.removeAttribute("aria-activedescendant");
  }

  // Words such as "in 2 h 10 min" grow old: drawn again every half minute.
  tick() {
    const now = Date.now();
    for (const [id, at] of this.fresh) if (now - at > NEW_MS) this.fresh.delete(id);
    for (const item of this.items.values()) item.drawn = "";
    this.#draw();
  }

  // -- selecting and picking -------------------------------------------------------------------------------------------

  select(id, { quiet = false } = {}) {
    if (!this.rows.has(id)) return;
    const before = this.selected;
    this.selected = id;
    this.fresh.delete(id);
    if (before && before !== id && (this.rows.get(before)?.gone || this.rows.get(before)?.aside)) {
      this.order = this.order.filter((other) => other !== before);
      this.#forget(before);
    }
    this.#draw();
    this.items.get(id)?.scrollIntoView({ block: "nearest" });
    this.onSelect(id, { quiet });
  }

  move(by) {
    if (!this.order.length) return;
    const at = this.order.indexOf(this.selected);
    const to = Math.max(0, Math.min(this.order.length - 1, at < 0 ? 0 : at + by));
    this.select(this.order[to]);
    if (to > this.order.length - 5) this.more();
  }

  toggle(id = this.selected) {
    if (!id) return;
    if (!this.picked.delete(id)) this.picked.add(id);
    this.#mark();
    this.onPicked(this.picked);
  }

  clearPicked() {
    this.picked.clear();
    this.#mark();
    this.onPicked(this.picked);
  }

  #clicked(event) {
    const item = event.target.closest("li[data-id]");
    if (!item) return;
    if (event.target.closest(".pick")) this.toggle(item.dataset.id);
    else this.select(item.dataset.id);
    this.list.focus({ preventScroll: true });
  }
}

// A text without what it begins with; every place of a district begins with the district's name.
function without(text, beginning) {
  return beginning && text.startsWith(beginning) ? text.slice(beginning.length).replace(/^[\s:：,，·]+/, "") : text;
}
