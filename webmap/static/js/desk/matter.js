// The matter in hand: what it is, whose, by when, what was done, what may be done next. Panels open above it.

import { Offline } from "./api.js";
import { el, fill, kbd, light } from "./dom.js";
import { metres } from "./map.js";

const FAST_MS = 150; // who goes through the list faster than that reads none of what he passes

const OF_EVERY_LIST = new Set(["bulk", "shift"]);

export class Matter {
  constructor(host, { config, api, clock, onAct, onOpen, onShown }) {
    Object.assign(this, { host, config, api, clock, words: config.words, onAct, onOpen, onShown });
    this.body = host.querySelector("#matter-body");
    this.detail = null;
  }

  // Whether what is drawn is not (any more) what was asked for: deeds wait for it.
  get isWaiting() {
    return Boolean(this.id) && this.waiting > 0;
  }

  // Reads a matter and draws it; `read` is what was read of it just now.
  show(id, read = null) {
    this.waiting = (this.waiting || 0) + 1;
    this.ready = this.#load(id, read).finally(() => (this.waiting -= 1));
    return this.ready;
  }

  async #load(id, read) {
    const isFast = Date.now() - this.movedAt < FAST_MS;
    if (this.id !== id) {
      this.movedAt = Date.now();
      this.asking?.abort();
      this.asking = new AbortController();
    }
    const { signal } = this.asking ?? {};
    Object.assign(this, { id, isFailed: false });
    if (!id) {
      this.detail = null;
      this.body.replaceChildren(el("p", { class: "face", text: this.words.nothing_chosen }));
      return null;
    }
    const waiting = setTimeout(() => this.id === id && this.#skeleton(), this.detail?.id === id ? 60_000 : 300);
    try {
      if (isFast && !read) await new Promise((resolve) => setTimeout(resolve, FAST_MS));
      if (this.id !== id || signal?.aborted) return null;
      const found = read || (await this.api.get(`/api/v1/desk/events/${id}`, {}, signal));
      if (this.id !== id) return null;
      this.detail = found;
      this.#draw(found);
      this.onShown(found);
      return found;
    } catch (error) {
      if (this.id === id && !signal?.aborted) this.failed(id, error);
      return null;
    } finally {
      clearTimeout(waiting);
    }
  }

  #skeleton() {
    this.body.replaceChildren(el("div", { class: "skeleton", "aria-label": this.words.loading }, ...["", "", "", "", ""].map(() => el("i"))));
  }

  // In the place of a matter that cannot be shown stands why; nothing can be done to it.
  failed(id, error) {
    Object.assign(this, { id, detail: null, isFailed: error instanceof Offline });
    const said = { 403: this.words.forbidden, 404: this.words.gone }[error.status] || this.api.told(error);
    this.body.replaceChildren(el("div", { class: "face failed", role: "alert" }, el("p", { text: said }),
      el("button", { type: "button", onclick: (event) => this.onOpen(event, id) }, this.words.again)));
  }

  #draw(matter) {
    const parts = [
      this.#head(matter),
      matter.danger && this.#danger(matter),
      this.#deeds(matter),
      this.#proposal(matter),
      this.#approvals(matter),
      this.#words(matter),
      this.#clocks(matter),
      this.#facts(matter),
      this.#kin(matter),
      this.#milestones(matter),
      this.#history(matter),
    ];
    this.body.replaceChildren(...parts.filter(Boolean));
    this.host.scrollTop = 0;
  }

  #head(matter) {
    const due = matter.closed_at ? "" : this.clock.due(matter.clock);
    return el("header", {},
      el("p", { class: "number" }, el("a", { href: `/events/${matter.number}`, text: matter.number, title: this.words.whole_page }), ` · ${matter.channel.title} · `,
        el("time", { text: this.clock.ago(matter.reported_at), title: this.clock.at(matter.reported_at), datetime: matter.reported_at })),
      el("h2", { text: matter.category?.title || matter.kind.title }),
      el("p", { class: "standing" }, matter.closed_at || !matter.clock ? null : light(matter.light, this.words), due && el("span", { class: "due", text: due, title: matter.clock ? `${matter.clock.title} ${this.clock.at(matter.clock.due_at)}` : "" }),
        el("span", { class: "state", text: matter.state.title }), matter.level ? el("span", { text: matter.level.title }) : null,
        matter.handling ? el("span", { text: matter.handling.title }) : null, matter.complexity ? el("span", { text: matter.complexity.title }) : null),
      el("p", { class: "owner" }, `${this.words.owner} `, el("b", { text: matter.owner?.title || "—" }),
        matter.lead && matter.lead.party !== matter.owner?.party ? ` · ${this.words.lead} ${matter.lead.title}` : ""));
  }

  #danger(matter) {
    const numbers = [["110", this.words.police], ["119", this.words.fire], ["120", this.words.ambulance]];
    return el("section", { class: "alarm", role: "alert" }, el("b", { text: matter.danger_sentence || this.words.danger }),
      el("p", {}, numbers.map(([number, told]) => el("a", { href: `tel:${number}` }, el("b", { text: number }), ` ${told}`))));
  }

  // Buttons say what happens; the key stands beside.
  #deeds(matter) {
    const made = this.config.keys.filter((one) => one.deed && !OF_EVERY_LIST.has(one.deed)).map(({ key, deed, title }) => {
      const able = this.able(deed, matter);
      return able ? el("button", { type: "button", data: { deed }, class: deed === this.#next(matter) ? "main" : "", onclick: () => this.onAct(deed) }, able.title || title, kbd(key)) : null;
    });
    const named = new Set(["dispatch", "open", "urge", "supervise", "key_list"].map((deed) => this.able(deed, matter)?.step).filter(Boolean));
    const others = (matter.possible || []).filter((step) => !named.has(step.step) && step.step !== "note");
    const rest = others.length
      ? el("details", { class: "others" }, el("summary", { text: fill(this.words.other_steps, { n: others.length }) }),
        others.map((step) => el("button", { type: "button", disabled: Boolean(step.why_not), title: step.why_not || "", data: { step: step.step }, onclick: () => this.onAct("step", step) }, step.title)))
      : null;
    const none = !made.some(Boolean) && !others.length ? el("p", { class: "soft", text: this.words.no_steps }) : null;
    return el("section", { class: "deeds", "aria-label": this.words.possible }, made, rest, none);
  }

  #next(matter) {
    return ["approve", "place", "open", "dispatch"].find((deed) => this.able(deed, matter));
  }

  // Whether a deed is open to the reader now: the step that does it, or true.
  able(deed, matter = this.detail) {
    if (!matter) return null;
    const steps = (matter.possible || []).filter((step) => !step.why_not);
    const of = (...kinds) => kinds.map((kind) => steps.find((step) => step.kind === kind && !(kind === "dispatch" && !needs(step, "party")))).find(Boolean) || null;
    if (deed === "dispatch") return of("dispatch", "transfer", "assist");
    if (deed === "open") return of("open", "triage", "take_on");
    if (deed === "urge") return of("urge");
    if (deed === "supervise") return of("supervise");
    if (deed === "key_list") return of("key_list");
    if (deed === "approve") return matter.approvals?.some((one) => one.may_decide) ? { title: "" } : null;
    if (deed === "place") return this.config.may_place && !matter.closed_at && (matter.unplaced || matter.border) ? { title: "" } : null;
    if (deed === "order") return this.config.may_order ? { title: "" } : null;
    if (deed === "merge" || deed === "note") return this.config.may_write && (deed !== "merge" || !matter.closed_at) ? { title: "" } : null;
    return null;
  }

  #proposal(matter) {
    const told = matter.proposal;
    if (!told || matter.closed_at) return null;
    const rows = [];
    if (told.complexity) rows.push(el("p", {}, `${this.words.proposed_triage} `, el("b", { text: told.complexity.title }), told.rule ? ` · ${told.rule}` : ""));
    if (told.party) rows.push(el("p", {}, `${this.words.proposed_party} `, el("b", { text: told.party.title }), told.party_reason ? ` · ${told.party_reason}` : ""));
    return rows.length ? el("section", { class: "proposal", "aria-label": this.words.proposal }, rows) : null;
  }

  #approvals(matter) {
    if (!matter.approvals?.length) return null;
    return el("section", { class: "approvals" }, el("h3", { text: this.words.waits }),
      matter.approvals.map((one) => el("p", {}, el("b", { text: one.title }), ` · ${one.asked_by} → ${one.approver_title || one.approver} · `, el("time", { text: this.clock.ago(one.at), title: this.clock.at(one.at) }))));
  }

  #words(matter) {
    const photos = matter.photos?.length
      ? el("div", { class: "photos" }, matter.photos.map((photo) => el("a", { href: photo.url, target: "_blank", rel: "noopener" }, el("img", { src: photo.url, alt: this.words.photo, loading: "lazy" }))))
      : null;
    return el("section", { class: "said" }, el("h3", { text: this.words.said }), el("p", { class: "words", text: matter.words || "—" }),
      matter.address ? el("p", { class: "soft", text: `${this.words.address} ${matter.address}` }) : null, photos);
  }

  #clocks(matter) {
    if (!matter.clocks?.length) return null;
    const rows = matter.clocks.map((one) => {
      const end = one.stopped_at ? fill(this.words.stopped, { at: this.clock.short(one.stopped_at) }) : one.paused_at ? this.words.span.paused : this.clock.due(one);
      return el("tr", {}, el("td", {}, light(one.light, this.words)), el("td", { text: one.title }), el("td", { text: end, title: this.clock.at(one.due_at) }), el("td", { class: "soft", text: this.clock.short(one.due_at) }));
    });
    return el("section", {}, el("h3", { text: this.words.clocks }), el("table", { class: "clocks" }, el("tbody", {}, rows)));
  }

  #facts(matter) {
    const at = matter.assignment || {};
    const grid = matter.grid ? `${matter.grid} ${matter.grid_code || ""}` : matter.grid_code || this.words.unplaced;
    const name = (code) => (code ? at.names?.[code] || code : "");
    const station = name(at.nearest_station);
    const far = at.distance_m;
    const rows = [
      [this.words.grid, grid],
      [this.words.village, [matter.township, matter.village].filter(Boolean).join(" ")],
      [this.words.certainty, at.rule === "placed" ? (at.explanation || []).slice(0, at.place ? 2 : 1).join(" ") : certain(at.confidence)],
      [this.words.nearest_station, station ? `${station}${far ? ` · ${metres(far, this.words)}` : ""}` : ""],
      [this.words.home_station, name(at.home_station)],
      [this.words.by_time, name(at.station_by_time) ? `${name(at.station_by_time)}${at.minutes ? ` · ${fill(this.words.minutes, { n: Math.ceil(at.minutes) })}` : ""}` : ""],
      [this.words.hotline, matter.hotline ? matter.hotline.number || matter.hotline.title : ""],
    ].filter(([, value]) => value);
    return el("section", {}, el("h3", { text: this.words.place }), el("dl", {}, rows.map(([title, value]) => [el("dt", { text: title }), el("dd", { text: value })])),
      matter.point_lonlat ? el("p", {}, el("a", { href: `/?event=${matter.id}`, text: this.words.big_map })) : null);
  }

  #kin(matter) {
    const line = (one, told) => el("li", {}, el("a", { href: `/events/${one.number}`, text: one.number, onclick: (event) => this.onOpen(event, one.id) }), ` ${told}`);
    const rows = [
      ...(matter.parent ? [line(matter.parent, this.words.is_parent)] : []),
      ...(Array.isArray(matter.children) ? matter.children : []).map((one) => line(one, this.words.is_child)),
      ...(matter.related || []).map((one) => line(one, `${one.kind?.title || ""} ${one.place || ""}`)),
    ];
    if (matter.parent) rows.push(el("li", {}, el("button", { type: "button", class: "small", onclick: () => this.onAct("unmerge") }, this.words.unmerge)));
    return rows.length ? el("section", {}, el("h3", { text: this.words.related }), el("ul", { class: "kin" }, rows)) : null;
  }

  #milestones(matter) {
    if (!matter.key_listed && !matter.milestones?.length) return null;
    const rows = (matter.milestones || []).map((one) => {
      const face = one.done_at ? ["green", "✓"] : one.late ? ["red", "■"] : ["grey", "○"];
      const told = one.done_at ? fill(this.words.milestone_at, { at: this.clock.short(one.done_at) }) : one.late ? this.words.milestone_late : "";
      return el("li", { class: one.done_at ? "done" : one.late ? "late" : "" }, el("span", { class: `light ${face[0]}` }, el("i", { text: face[1], "aria-hidden": "true" })), " ", el("b", { text: one.title }), ` ${one.due_on} ${told} `,
        one.note ? el("span", { class: "soft", text: one.note }) : null,
        one.done_at || !this.config.may_write ? null : el("button", { type: "button", class: "small", onclick: () => this.onAct("milestone_done", one) }, this.words.milestone_done));
    });
    const more = this.config.may_write ? el("button", { type: "button", class: "small", onclick: () => this.onAct("milestone") }, this.words.milestone_add) : null;
    return el("section", {}, el("h3", { text: this.words.milestones }), el("ul", { class: "kin" }, rows), more);
  }

  #history(matter) {
    const rows = [...(matter.history || [])].reverse().map((step) =>
      el("li", {}, el("time", { text: this.clock.short(step.at), title: this.clock.at(step.at) }), el("div", {}, el("b", { text: step.title }), " ", el("span", { class: "soft", text: step.actor })),
        step.told?.length || step.note ? el("p", {}, (step.told || []).map((one) => el("span", { class: "fact", text: `${one.title}${this.words.colon}${one.value} ` })), step.note || "") : null));
    return el("section", {}, el("h3", { text: fill(this.words.history, { n: rows.length }) }), el("ol", { class: "history" }, rows));
  }
}

function certain(confidence) {
  return confidence === undefined || confidence === null ? "" : `${Math.floor(100 * confidence)} %`;
}

export function needs(step, name) {
  return (step.requires || []).some((one) => (one.name || one) === name);
}
