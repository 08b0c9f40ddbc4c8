// The desk: queue, map, matter. Every frequent deed has a key; what others do comes in live and moves nothing.

import { Live, logIn } from "../map/live.js";
import { Api } from "./api.js";
import { Bulk } from "./bulk.js";
import { Dispatch } from "./dispatch.js";
import { el, fill, kbd } from "./dom.js";
import { Filters } from "./filters.js";
import { Layout } from "./layout.js";
import { DeskMap } from "./map.js";
import { Matter } from "./matter.js";
import { Merge } from "./merge.js";
import { Place } from "./place.js";
import { Queue } from "./queue.js";
import { Sheet } from "./sheet.js";
import { Steps } from "./steps.js";
import { Talk } from "./talk.js";
import { Clock } from "./times.js";

const SOON_MS = 400; // what many do at once is read once
const TICK_MS = 30_000;
const FRESH_MS = 120_000; // lights change with the time alone, while nobody does anything
const TOLD_MS = 12_000;

class Desk {
  constructor(config) {
    this.config = config;
    this.words = config.words;
    this.api = new Api(config);
    this.clock = new Clock(config);
    this.layout = new Layout(document.getElementById("panes"), config.me);
    const parts = { config, api: this.api, clock: this.clock, words: this.words };
    this.map = new DeskMap(document.getElementById("map"), { config, api: this.api, onChosen: (id) => this.#choose(id), onOffered: (at) => this.map.clickOffered?.(at) });
    this.matter = new Matter(document.getElementById("matter"), { ...parts, onAct: (deed, more) => this.act(deed, more), onOpen: (event, id) => this.#openKin(event, id), onShown: (matter) => this.#shown(matter) });
    this.sheet = new Sheet(document.getElementById("sheet"), { ...parts, onClosed: () => this.queue.list.focus({ preventScroll: true }), onLate: (text) => this.tell(text) });
    this.queue = new Queue(document.getElementById("queue"), {
      ...parts,
      onSelect: (id, how) => this.#selected(id, how),
      onPicked: (picked) => this.#picked(picked),
      onRows: (page) => this.#rows(page),
    });
    this.steps = new Steps(this);
    this.dispatch = new Dispatch(this);
    this.place = new Place(this);
    this.merge = new Merge(this);
    this.bulk = new Bulk(this);
    this.talk = new Talk(this);
    this.filters = new Filters(document.getElementById("filters"), { ...parts, onChange: (value) => this.queue.load(value) });
    this.toast = document.getElementById("toast");
    this.#wire();
  }

  start() {
    const asked = new URLSearchParams(location.search).get("event") || "";
    this.filters.draw();
    this.overview = !asked; // all lights first; the map goes along from the first choice on
    this.queue.load(this.filters.query, { select: asked }).then(() => {
      this.overview = false;
      this.queue.list.focus({ preventScroll: true });
      if (asked && this.queue.selected !== asked) this.#choose(asked);
    });
    this.live = new Live(this.config.stream, this.config, {
      onSteps: (data) => this.#changed(data.steps.map(([, id]) => String(id))),
      onRepeated: () => this.#changed([]),
      onReload: () => this.#changed([this.queue.selected]),
      onState: (state, age) => this.#connection(state, age),
      onOver: () => this.#over(),
    });
    setInterval(() => this.queue.tick(), TICK_MS);
    setInterval(() => document.hidden || this.queue.refresh(), FRESH_MS);
  }

  #wire() {
    document.addEventListener("keydown", (event) => this.#pressed(event));
    this.matter.body.addEventListener("click", (event) => !event.defaultPrevented && event.target.closest("a[href^='/']") && this.#remember());
    document.getElementById("keys-open").addEventListener("click", () => this.help());
    document.getElementById("log-open").addEventListener("click", () => this.act("shift"));
    document.getElementById("order-open").addEventListener("click", () => this.act("order"));
    document.getElementById("bulk-open").addEventListener("click", () => this.act("bulk"));
    document.getElementById("bulk-clear").addEventListener("click", () => this.queue.clearPicked());
    document.getElementById("keys").addEventListener("click", (event) => event.target === event.currentTarget && event.target.close());
    addEventListener("offline", () => this.#connection("offline", 0));
    addEventListener("online", () => this.queue.refresh());
  }

  // -- what changes ----------------------------------------------------------------------------------------------------

  #selected(id, { quiet }) {
    const row = this.queue.rows.get(id);
    if (this.sheet.isOpen && this.showing !== id) this.sheet.close();
    this.showing = id;
    this.wanted = "";
    this.map.show([...this.queue.rows.values()], id);
    if (!quiet && !this.overview) this.map.follow(row);
    const read = this.read?.id === id ? this.read : null;
    this.read = null;
    this.matter.show(id, read);
  }

  // One that was pressed on the map, or is named in the address, may stand far down in the list or not in it at all.
  async #choose(id) {
    if (this.queue.rows.has(id)) {
      this.queue.select(id);
      return;
    }
    this.wanted = id;
    try {
      const found = await this.api.get(`/api/v1/desk/events/${id}`);
      if (this.wanted !== id) return; // another was chosen meanwhile
      this.read = found;
      this.queue.aside(found);
    } catch (error) {
      if (this.wanted === id) this.matter.failed(id, error);
    }
  }

  #shown(matter) {
    this.queue.put(matter);
    this.map.place(matter);
  }

  #openKin(event, id) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#choose(id);
  }

  #rows(page) {
    this.filters.count(page);
    this.map.show([...this.queue.rows.values()], this.queue.selected, this.queue.asked);
  }

  #picked(picked) {
    document.getElementById("bulk").hidden = !picked.size;
    document.getElementById("bulk-count").textContent = fill(this.words.picked, { n: picked.size });
  }

  #changed(ids) {
    this.waiting = new Set([...(this.waiting || []), ...ids]);
    clearTimeout(this.soon);
    this.soon = setTimeout(async () => {
      const changed = this.waiting;
      this.waiting = new Set();
      await this.queue.refresh();
      const shown = this.matter.id; // what is asked for by now, which may not be drawn yet
      if (!shown || !changed.has(shown) || this.mine === shown) return;
      if (this.sheet.isOpen) this.sheet.tell("news", this.words.changed_meanwhile);
      else this.matter.show(shown);
    }, SOON_MS);
  }

  // After a deed of one's own: says it, reads the row and the matter again, and keeps the way back at hand.
  did(matter, text, undo = null) {
    this.mine = matter?.id;
    setTimeout(() => (this.mine = ""), 3 * SOON_MS);
    this.tell(text, undo);
    this.queue.refresh();
    if (matter && this.matter.id === matter.id) this.matter.show(matter.id);
  }

  tell(text, undo = null) {
    this.undo = undo;
    clearTimeout(this.gone);
    const back = undo ? el("button", { type: "button", onclick: () => this.takeBack() }, this.words.undo, kbd("z")) : "";
    this.toast.replaceChildren(el("span", { text }), back);
    this.toast.hidden = false;
    this.gone = setTimeout(() => (this.toast.hidden = true), TOLD_MS);
  }

  async takeBack() {
    const undo = this.undo;
    if (!undo) return;
    this.undo = null;
    try {
      await undo();
    } catch (error) {
      this.tell(this.api.told(error));
    }
  }

  // Who typed something stays, and is told where to log in again; the stream comes back by itself then.
  #over() {
    if (this.sheet.hasDrafts) this.sheet.over(true);
    else logIn();
  }

  // The line is back: what could not be read is read.
  #alive() {
    this.sheet.over(false);
    if (this.wasAlive || !navigator.onLine) return;
    if (["stale", "failed"].includes(this.queue.face)) this.queue.refresh();
    if (this.matter.id && this.matter.isFailed) this.matter.show(this.matter.id);
    this.map.mend();
  }

  #connection(state, age) {
    if (state === "live") this.#alive();
    this.wasAlive = state === "live" && navigator.onLine;
    const host = document.getElementById("connection");
    const face = navigator.onLine ? state : "offline";
    if (face === "over" && host.dataset.state === face) return; // its link stays to be pressed
    host.dataset.state = face;
    const said = { live: this.words.live, connecting: this.words.connecting, offline: this.words.offline_short }[face];
    if (face === "over") host.replaceChildren(el("a", { href: "/login?next=/desk", target: "_blank", rel: "noopener", text: this.words.over_short }));
    else host.textContent = said || fill(this.words.stale_since, { time: this.clock.span(age) });
    document.body.classList.toggle("is-offline", face === "offline");
  }

  // -- deeds -----------------------------------------------------------------------------------------------------------

  act(deed, more) {
    const matter = this.matter.detail;
    if (deed === "bulk") return this.queue.picked.size ? this.bulk.open([...this.queue.picked]) : this.tell(this.words.pick_first);
    if (this.matter.isWaiting) return this.#later(deed, more);
    if (deed === "shift") return this.talk.shift(matter);
    if (deed === "order") return this.talk.order(matter);
    if (!matter) return undefined;
    if (deed === "step") return this.#step(matter, more);
    if (deed === "unmerge") return this.merge.openUndo(matter);
    if (deed === "milestone") return this.talk.milestone(matter);
    if (deed === "milestone_done") return this.talk.milestoneDone(matter, more);
    const able = this.matter.able(deed, matter);
    if (!able) return this.tell(fill(this.words.not_now, { deed: this.config.keys.find((one) => one.deed === deed)?.title || deed, state: matter.state.title }));
    if (deed === "note") return this.steps.note(matter);
    if (deed === "approve") return this.steps.approvals(matter);
    if (deed === "place") return this.place.open(matter);
    if (deed === "merge") return this.merge.open(matter);
    return this.#step(matter, able);
  }

  // A key that comes before the matter is there is meant for the row that is selected, never for the one before.
  async #later(deed, more) {
    const id = this.matter.id;
    await this.matter.ready;
    if (this.matter.id === id && this.matter.detail?.id === id && !this.sheet.isOpen) this.act(deed, more);
  }

  #step(matter, step) {
    const party = (step.requires || []).some((one) => (one.name || one) === "party");
    return party ? this.dispatch.open(matter, step) : this.steps.open(matter, step);
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog[open]");
    if (event.key === "Escape") this.#escape(event);
    if (typing) return;
    const inSheet = event.target.closest?.("#sheet");
    const deed = this.config.keys.find((one) => one.key === event.key);
    if (!deed || (inSheet && event.key === "Enter")) return;
    if (event.key === "Enter" && event.target.closest?.("button, a, summary")) return;
    event.preventDefault();
    this.key(deed);
  }

  key(deed) {
    const move = { next: 1, previous: -1, page_down: 10, page_up: -10 }[deed.name];
    if (move) this.queue.move(move);
    else if (deed.name === "open_page") this.#openPage();
    else if (deed.name === "focus") this.#focusMatter();
    else if (deed.name === "search") this.filters.search.select();
    else if (deed.name === "filter") this.filters.open();
    else if (deed.name === "pick") this.queue.toggle();
    else if (deed.name === "help") this.help();
    else if (deed.name === "whole") this.map.whole();
    else if (deed.name === "reload") this.queue.load(this.filters.query, { select: this.queue.selected });
    else if (deed.name === "undo") this.takeBack();
    else if (deed.name === "quick") this.filters.pickQuick(Number(deed.key));
    else this.act(deed.deed);
  }

  #openPage() {
    if (!this.matter.detail) return;
    this.#remember();
    location.assign(`/events/${this.matter.detail.number}`);
  }

  // Who leaves for another page comes back to the matter that he had in hand.
  #remember() {
    const asked = new URLSearchParams(location.search);
    asked.set("event", this.matter.id);
    history.replaceState(null, "", `?${asked}`);
  }

  #focusMatter() {
    const main = this.matter.body.querySelector(".deeds .main") || this.matter.body.querySelector(".deeds button, a");
    main?.focus();
  }

  #escape(event) {
    if (event.target === this.filters.search) {
      this.queue.list.focus();
    } else if (!this.filters.form.hidden) {
      this.filters.close();
      this.queue.list.focus();
    } else if (this.sheet.isOpen) {
      this.sheet.close();
    } else {
      this.queue.list.focus({ preventScroll: true });
    }
  }

  help() {
    const dialog = document.getElementById("keys");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }
}

const desk = new Desk(JSON.parse(document.getElementById("config").textContent));
desk.start();
