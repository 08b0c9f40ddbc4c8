// The places that the words of a report could mean: asked for when the row comes into view, a few at a time.

const MOST_AT_ONCE = 3;

// What is sent back when a person confirms: the candidate as it was shown.
export function candidate(place) {
  const { name, precision, radius_m, confidence, reason } = place;
  return { name: name.slice(0, 500), lon: place.point.lon, lat: place.point.lat, precision, radius_m, confidence, reason: reason.slice(0, 20) };
}

export class Candidates {
  constructor(config, onFound) {
    Object.assign(this, { config, onFound });
    this.found = new Map();
    this.waiting = [];
    this.under_way = 0;
  }

  of(row) {
    return this.found.get(row) ?? [];
  }

  watch(rows) {
    if (!("IntersectionObserver" in window)) return rows.forEach((row) => this.load(row));
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        seen.unobserve(entry.target);
        this.load(entry.target);
      }
    });
    return rows.forEach((row) => seen.observe(row));
  }

  load(row) {
    const host = row.querySelector(".places");
    if (!host || host.dataset.state === "loading" || host.dataset.state === "there") return;
    this.#tell(host, "loading", this.config.words.finding);
    this.waiting.push(row);
    this.#next();
  }

  async #next() {
    if (this.under_way >= MOST_AT_ONCE || !this.waiting.length) return;
    const row = this.waiting.shift();
    this.under_way += 1;
    const { said } = row.dataset;
    const isCurrent = () => row.dataset.said === said; // where the words are typed, an older question can be answered last
    try {
      const places = await this.#ask(said);
      if (isCurrent()) {
        this.found.set(row, places);
        this.#draw(row, places);
        this.onFound(row);
      }
    } catch {
      if (isCurrent()) this.#failed(row);
    }
    this.under_way -= 1;
    this.#next();
  }

  async #ask(text) {
    if (!text.trim()) return [];
    const answer = await fetch(`/api/v1/places?text=${encodeURIComponent(text)}`, {
      headers: { "Accept-Language": this.config.language },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).places.slice(0, this.config.most);
  }

  #tell(host, state, text) {
    host.dataset.state = state;
    const line = host.querySelector(".told");
    line.textContent = text;
    line.hidden = !text;
  }

  #failed(row) {
    const host = row.querySelector(".places");
    if (!host) return;
    this.#tell(host, "failed", this.config.words.not_found);
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.again = "";
    button.className = "again";
    button.textContent = this.config.words.again;
    host.querySelector(".told").append(" ", button);
  }

  #draw(row, places) {
    const host = row.querySelector(".places");
    if (!host) return;
    this.#tell(host, "there", places.length ? "" : this.config.words.none);
    host.querySelector("ol").replaceChildren(...places.map((place, at) => this.#item(place, at + 1)));
  }

  #item(place, number) {
    const { words, precisions, least } = this.config;
    const item = document.createElement("li");
    const sure = Math.floor(100 * place.confidence);
    const facts = words.candidate
      .replace("{precision}", precisions[place.precision] ?? place.precision)
      .replace("{metres}", Math.round(place.radius_m).toLocaleString("en"))
      .replace("{percent}", sure);
    const below = place.confidence < least ? ` (${words.below.replace("{percent}", Math.round(100 * least))})` : "";
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.number = number;
    button.append(line("b", "mark", String(number)), line("span", "", words.confirm));
    const text = document.createElement("div");
    text.append(line("p", "name", place.name), line("p", "facts", facts + below), line("p", "reason", place.reason.join(words.comma)));
    item.append(button, text);
    return item;
  }
}

function line(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
