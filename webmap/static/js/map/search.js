// Search by code, number or name: a box with a list that keys and fingers can use.

const PAUSE_MS = 180;

export class Search {
  constructor(input, list, words, find, choose) {
    Object.assign(this, { input, list, words, find, choose, found: [], active: -1, asked: 0 });
    input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), PAUSE_MS);
    });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.show([]), 150));
  }

  async look() {
    const text = this.input.value.trim();
    const asked = ++this.asked;
    if (!text) return this.show([]);
    try {
      const found = await this.find(text);
      if (asked === this.asked) this.show(found, found.length ? "" : this.words.nothingFound);
    } catch {
      if (asked === this.asked) this.show([], this.words.searchFailed);
    }
    return null;
  }

  show(found, note = "") {
    this.found = found;
    this.active = found.length ? 0 : -1;
    this.list.replaceChildren(...found.map((item, i) => this.option(item, i)));
    if (note) {
      const line = document.createElement("li");
      line.className = "note";
      line.textContent = note;
      this.list.append(line);
    }
    this.list.hidden = !found.length && !note;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark();
  }

  option(item, index) {
    const line = document.createElement("li");
    line.id = `found-${index}`;
    line.setAttribute("role", "option");
    const title = document.createElement("b");
    title.textContent = item.title;
    const detail = document.createElement("span");
    detail.textContent = `${item.kind} · ${item.code}`;
    line.append(title, detail);
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.take(index);
    });
    return line;
  }

  mark() {
    [...this.list.children].forEach((line, i) => line.setAttribute("aria-selected", String(i === this.active)));
    this.input.setAttribute("aria-activedescendant", this.active >= 0 ? `found-${this.active}` : "");
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      this.active = (this.active + step + this.found.length) % this.found.length;
      this.mark();
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.active >= 0) this.take(this.active);
      else this.look();
    } else if (event.key === "Escape") this.show([]);
  }

  take(index) {
    const item = this.found[index];
    this.show([]);
    this.input.value = item.title;
    this.choose(item);
  }
}
