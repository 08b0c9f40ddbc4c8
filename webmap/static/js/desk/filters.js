// What the queue shows: quick lists, lights, search, the whole form, and views that are kept. The address holds it all.

import { el, fill, SHAPES } from "./dom.js";

const KNOWN = [
  "open", "light", "channel", "kind", "category", "handling", "level", "state", "township", "village", "grid", "owner", "mine", "unplaced",
  "border", "approval", "supervised", "key_listed", "urged", "danger", "q", "reported_from", "reported_to", "sort", "view",
];
const TYPING_MS = 300;

export class Filters {
  constructor(host, { config, api, onChange }) {
    Object.assign(this, { host, config, api, onChange, words: config.words, views: [] });
    this.value = this.#fromAddress();
    this.search = document.getElementById("search");
    this.quick = document.getElementById("quick");
    this.lights = document.getElementById("lights");
    this.form = document.getElementById("filter-form");
    this.view = document.getElementById("views");
    this.search.value = this.value.q || "";
    this.#drawQuick();
    this.#drawForm();
    this.#wire();
    this.loadViews();
  }

  #fromAddress() {
    const asked = new URLSearchParams(location.search);
    return Object.fromEntries([...asked].filter(([name, value]) => KNOWN.includes(name) && value));
  }

  set(value, { keepView = false } = {}) {
    this.value = Object.fromEntries(Object.entries(value).filter(([name, one]) => one !== "" && (keepView || name !== "view")));
    const asked = new URLSearchParams(this.value);
    history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
    if (this.search.value.trim() !== (this.value.q || "")) this.search.value = this.value.q || ""; // else the space before the next word stays
    this.draw();
    this.onChange(this.query);
  }

  // What is asked of the list: a view whose filters all stand here is not asked for by its number, so that nobody who has it open
  // asks for one that is gone.
  get query() {
    const { view, ...said } = this.value;
    const known = view && this.views.find((one) => String(one.id) === String(view));
    return known && Object.entries(known.query).every(([name, value]) => value === false || name in said) ? said : this.value;
  }

  draw() {
    for (const button of this.quick.children) {
      const own = JSON.parse(button.dataset.query);
      const here = Object.fromEntries(Object.entries(this.value).filter(([name]) => name !== "q" && name !== "sort"));
      button.setAttribute("aria-pressed", String(same(own, here)));
    }
    for (const field of this.form.querySelectorAll("[name]")) {
      if (field.type === "checkbox") field.checked = this.value[field.name] === "1";
      else field.value = this.value[field.name] || field.dataset.empty || "";
    }
    const more = Object.keys(this.value).filter((name) => !["q", "view", "sort"].includes(name)).length;
    document.getElementById("filter-open").dataset.count = more || "";
    this.view.value = this.value.view || "";
  }

  // How many of each light; each number is a link to its list.
  count(page) {
    this.lights.replaceChildren(
      ...["red", "amber", "green", "grey"].map((code) => {
        const pressed = this.value.light === code;
        const told = fill(this.words.light_count, { light: this.words.lights[code], n: page.counts[code] ?? 0 });
        return el("button", { type: "button", class: `count ${code}`, "aria-pressed": String(pressed), title: told, "aria-label": told, data: { light: code },
          onclick: () => this.set({ ...this.value, light: pressed ? "" : code }) },
        el("i", { text: SHAPES[code], "aria-hidden": "true" }), el("b", { text: (page.counts[code] ?? 0).toLocaleString("en") }));
      }),
      el("span", { class: "total", text: this.#total(page) }),
    );
  }

  // How many there are; where not all were counted, or not all were looked at, that is what it says.
  #total({ total = 0, total_exact: exact = true, among_latest: latest = null }) {
    const said = latest ? this.words.total_latest : exact ? this.words.total : this.words.total_least;
    return fill(said, { n: total.toLocaleString("en"), most: (latest ?? 0).toLocaleString("en") });
  }

  #drawQuick() {
    this.quick.replaceChildren(...this.config.quick.map(({ title, query }, at) =>
      el("button", { type: "button", "aria-pressed": "false", data: { query: JSON.stringify(query) }, title: fill(this.words.quick_key, { n: at + 1 }),
        onclick: () => this.set(query) }, title)));
  }

  pickQuick(number) {
    this.quick.children[number - 1]?.click();
  }

  #drawForm() {
    const { fields, flags } = this.config.filters;
    const made = fields.map(({ name, title, choices }) =>
      el("label", {}, title, el("select", { name }, el("option", { value: "", text: this.words.any }), choices.map(({ code, title: told }) => el("option", { value: code, text: told })))));
    const open = el("label", {}, this.words.open_or_closed, el("select", { name: "open", "data-empty": "1" },
      [["1", this.words.open_only], ["0", this.words.closed_only], ["all", this.words.open_and_closed]].map(([value, text]) => el("option", { value, text }))));
    const days = ["reported_from", "reported_to"].map((name) => el("label", {}, this.words[name], el("input", { type: "date", name })));
    const sort = el("label", {}, this.words.sort, el("select", { name: "sort", "data-empty": "due" },
      ["due", "reported", "closed"].map((value) => el("option", { value, text: this.words.sorts[value] }))));
    const ticks = el("fieldset", {}, flags.map(({ name, title }) => el("label", { class: "tick" }, el("input", { type: "checkbox", name, value: "1" }), title)));
    this.form.querySelector(".fields").replaceChildren(open, ...made, ...days, sort, ticks);
  }

  #wire() {
    let typed;
    const soon = (event) => {
      clearTimeout(typed);
      if (event.isComposing) return; // letters of words that are still being put together
      typed = setTimeout(() => this.search.value.trim() === (this.value.q || "") || this.set({ ...this.value, q: this.search.value.trim() }), TYPING_MS);
    };
    this.search.addEventListener("input", soon);
    this.search.addEventListener("compositionend", soon);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const value = this.#asked();
      this.close();
      this.set(value);
    });
    this.form.addEventListener("keydown", (event) => this.#entered(event));
    this.form.querySelector("[data-clear]").addEventListener("click", () => {
      this.close();
      this.set({});
    });
    this.form.querySelector("[data-save]").addEventListener("click", () => this.save());
    this.form.querySelector("[data-change]").addEventListener("click", () => this.change());
    this.form.querySelector("[data-forget]").addEventListener("click", () => this.forget());
    document.getElementById("filter-open").addEventListener("click", () => (this.form.hidden ? this.open() : this.close()));
    this.view.addEventListener("change", () => this.pickView(this.view.value));
  }

  // Enter in the name of a view keeps it, rather than showing the list and losing the name; Ctrl and Enter send from everywhere.
  #entered(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    const isName = event.target.matches("[data-name]");
    if (!isName && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    if (isName) this.save();
    else this.form.requestSubmit();
  }

  open() {
    this.draw();
    this.#drawKept();
    this.form.querySelector(".told").textContent = "";
    this.form.hidden = false;
    document.getElementById("filter-open").setAttribute("aria-expanded", "true");
    this.form.querySelector("select, input").focus();
  }

  close() {
    this.form.hidden = true;
    document.getElementById("filter-open").setAttribute("aria-expanded", "false");
  }

  // -- views that are kept ---------------------------------------------------------------------------------------------

  async loadViews() {
    try {
      const found = await this.api.get("/api/v1/desk/views");
      this.views = found.views;
    } catch {
      this.views = [];
    }
    this.view.replaceChildren(el("option", { value: "", text: this.words.views }),
      ...this.views.map((view) => el("option", { value: view.id, text: view.shared ? fill(this.words.shared_view, { name: view.name }) : view.name })));
    this.view.hidden = !this.views.length;
    this.view.value = this.value.view || "";
    if (!this.form.hidden) this.#drawKept();
  }

  pickView(id) {
    const view = this.views.find((one) => String(one.id) === String(id));
    this.kept = view ? String(view.id) : "";
    const query = Object.entries(view?.query || {}).map(([name, value]) => [name, value === true ? "1" : value === false ? "" : String(value)]);
    this.set(view ? { ...Object.fromEntries(query), view: id } : {}, { keepView: true });
  }

  // The view that was last picked, where it is the reader's own: he may change or delete it.
  get own() {
    const id = this.value.view || this.kept;
    return this.views.find((one) => one.mine && String(one.id) === String(id)) || null;
  }

  #drawKept() {
    const [change, forget] = ["[data-change]", "[data-forget]"].map((name) => this.form.querySelector(name));
    change.hidden = forget.hidden = !this.own;
    delete forget.dataset.sure;
    if (!this.own) return;
    change.textContent = fill(this.words.view_change, { name: this.own.name });
    forget.textContent = fill(this.words.view_forget, { name: this.own.name });
    this.form.querySelector("[data-shared]").checked = this.own.shared;
  }

  // What the form says now, shown or not yet.
  #asked() {
    const query = { q: this.value.q || "" };
    for (const field of this.form.querySelectorAll("[name]")) {
      const one = field.type === "checkbox" ? (field.checked ? "1" : "") : field.value;
      if (one !== (field.dataset.empty || "")) query[field.name] = one;
    }
    return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
  }

  async save() {
    const field = this.form.querySelector("[data-name]");
    const name = field.value.trim();
    const shared = this.form.querySelector("[data-shared]").checked;
    if (!name) {
      this.#tell(this.words.view_needs_name);
      field.focus();
      return;
    }
    await this.#keep(() => this.api.send("/api/v1/desk/views", { name, query: this.#asked(), shared }), fill(this.words.view_saved, { name }));
  }

  async change() {
    const { own } = this;
    const name = this.form.querySelector("[data-name]").value.trim() || own.name;
    const shared = this.form.querySelector("[data-shared]").checked;
    await this.#keep(() => this.api.send(`/api/v1/desk/views/${own.id}`, { name, query: this.#asked(), shared }, "PUT"), fill(this.words.view_changed, { name }));
  }

  async #keep(send, told) {
    try {
      const kept = await send();
      await this.loadViews();
      this.form.querySelector("[data-name]").value = "";
      this.pickView(kept.id);
      this.#drawKept();
      this.#tell(told);
    } catch (error) {
      this.#tell(this.api.told(error));
    }
  }

  #tell(text) {
    this.form.querySelector(".told").textContent = text;
  }

  // Asks once more: who shares a view takes it from all.
  async forget() {
    const { own } = this;
    const button = this.form.querySelector("[data-forget]");
    if (!button.dataset.sure) {
      button.dataset.sure = "1";
      button.textContent = fill(own.shared ? this.words.view_forget_shared : this.words.view_forget_sure, { name: own.name });
      return;
    }
    this.kept = "";
    this.set({}); // first, so that nothing more is asked under a view that is gone
    try {
      await this.api.send(`/api/v1/desk/views/${own.id}`, undefined, "DELETE");
      await this.loadViews();
      this.#drawKept();
      this.#tell(fill(this.words.view_gone, { name: own.name }));
    } catch (error) {
      this.pickView(own.id);
      this.#tell(this.api.told(error));
    }
  }
}

function same(one, other) {
  const [a, b] = [Object.entries(one), Object.entries(other)];
  return a.length === b.length && a.every(([name, value]) => other[name] === value);
}
