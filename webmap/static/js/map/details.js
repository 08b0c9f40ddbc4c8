// The card of an opened grid, station or event. Everything is set as text: nothing that somebody wrote becomes markup.

export class Details {
  constructor(host, words, onClose) {
    Object.assign(this, { host, words, onClose });
    this.body = host.querySelector(".card-body");
    host.querySelector(".card-close").addEventListener("click", () => this.close());
    host.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  close() {
    this.host.hidden = true;
    this.asked = null;
    this.onClose();
  }

  // Shows what `load` promises; a card asked for later wins.
  async open(load) {
    this.asked = load;
    this.host.hidden = false;
    this.body.replaceChildren(this.line("p", "loading", this.words.loading));
    try {
      const card = await load();
      if (this.asked === load) this.show(card);
      return card;
    } catch (error) {
      const words = error.status === 404 ? this.words.detailsMissing : this.words.detailsFailed;
      if (this.asked === load) this.body.replaceChildren(this.line("p", "failed", words));
      return null;
    }
  }

  line(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  }

  // A value; where it begins with the shape of a light, the shape has its colour, and the words stay as they are.
  value(text, light) {
    if (!light) return this.line("dd", "", text);
    const [shape, ...rest] = text;
    const made = this.line("dd", "", "");
    made.append(this.line("span", `light ${light}`, shape), rest.join(""));
    return made;
  }

  show(card) {
    const rows = this.line("dl", "rows", "");
    for (const { label, value, light } of card.rows) rows.append(this.line("dt", "", label), this.value(value, light));
    this.body.replaceChildren(this.line("p", "card-kind", card.kind), this.line("h2", "", card.title), rows);
    for (const text of card.notes || []) this.body.append(this.line("p", "note", text));
    for (const { title, href } of card.links || []) {
      const link = this.line("a", "more", title);
      link.href = href;
      this.body.append(link);
    }
  }
}
