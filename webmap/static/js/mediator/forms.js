// A form of the page as a request to the API: its fields by name, as numbers and times where they say so.

const MOST_WAIT_MS = 30_000;
const FORGED = "access.csrf";

export class Forms {
  constructor(config, say) {
    Object.assign(this, { config, say });
  }

  // Returns the answer, or null where it was refused: then the form says why, and keeps what was typed.
  async send(form) {
    if ("busy" in form.dataset) return null;
    const told = form.querySelector(".told");
    const buttons = [...form.querySelectorAll("button")];
    form.dataset.busy = "";
    buttons.forEach((button) => (button.disabled = true));
    told.textContent = "";
    this.say(this.config.words.sending);
    try {
      const [answer, body] = await this.#asked(form);
      if (!answer.ok) {
        told.textContent = answer.status === 409 && body.code === "step.conflict" ? `${this.config.words.changed} ${body.message}` : body.message;
        return null;
      }
      return body;
    } catch {
      told.textContent = this.config.words.offline;
      form.dataset.unsure = ""; // the answer is missing, perhaps not what was asked for
      return null;
    } finally {
      this.say("");
      delete form.dataset.busy;
      buttons.forEach((button) => (button.disabled = false));
    }
  }

  // Who has logged in again in another tab sends with the mark of the new session; nobody sends for another.
  async #asked(form) {
    const found = await this.#ask(form.dataset.path, form.dataset.method, JSON.stringify(this.body(form)));
    const [answer, told] = found;
    const { words } = this.config;
    if (answer.status === 401) return [answer, { message: words.over }];
    if (told.code !== FORGED) return found;
    const [, { mark, me }] = await this.#ask("/login/mark", "GET");
    if (!mark) return [answer, { message: words.over }];
    if (me !== this.config.me) return [answer, { message: words.somebody_else }];
    if (mark === this.config.mark) return found;
    this.config.mark = mark;
    return this.#asked(form);
  }

  async #ask(path, method, body) {
    const headers = { Accept: "application/json", "X-CSRF-Token": this.config.mark, "Accept-Language": this.config.language };
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, body, cache: "no-store", signal: AbortSignal.timeout(MOST_WAIT_MS) });
    return [answer, await answer.json()];
  }

  body(form) {
    const fields = {};
    for (const field of form.elements) {
      if (!field.name || (field.type === "radio" && !field.checked)) continue;
      if ("changes" in form.dataset && !changed(field)) continue; // what somebody else wrote meanwhile stays
      const value = this.#value(field);
      if (value !== undefined) fields[field.name] = value;
    }
    if (!form.dataset.step) return fields;
    const seq = Number(document.querySelector(".head[data-seq]")?.dataset.seq);
    return { step: form.dataset.step, details: fields, base_seq: seq };
  }

  // What was not filled in is not sent, but an empty choice that means something is.
  #value(field) {
    if (field.type === "checkbox") return field.checked;
    if (field.dataset.type === "bool") return field.value === "true";
    const text = field.value.trim();
    const isNumber = field.dataset.type === "number";
    if (!text) return "keep" in (field.selectedOptions?.[0] ?? field).dataset ? (isNumber ? null : "") : undefined;
    if (isNumber) {
      const number = Number(text.normalize("NFKC").replaceAll(",", "").replace(/^[¥￥]\s*/, ""));
      return Number.isFinite(number) ? number : text;
    }
    if (field.dataset.type === "time") return `${text.length === 16 ? `${text}:00` : text}${this.config.offset}`;
    return text;
  }

  // What was typed and chosen in the other forms, by form and field.
  typed(sent) {
    const kept = new Map();
    for (const form of document.querySelectorAll("form[data-key]")) {
      if (form.dataset.key === sent) continue;
      const fields = [...form.elements].filter((field) => field.name && changed(field));
      if (fields.length) kept.set(form.dataset.key, new Map(fields.map((field) => [field.name, field.value])));
    }
    return kept;
  }

  restore(kept) {
    for (const [key, fields] of kept) {
      const form = document.querySelector(`form[data-key="${CSS.escape(key)}"]`);
      for (const [name, value] of fields) fill(form?.elements[name], value);
    }
  }
}

function changed(field) {
  if (field.matches("select")) return field.selectedIndex !== first(field);
  if (field.matches("[type=radio], [type=checkbox]")) return field.checked && !field.defaultChecked;
  return field.matches("input:not([type=hidden]), textarea") && field.value !== field.defaultValue;
}

// What a choice stands at before anybody touched it.
function first(select) {
  const chosen = [...select.options].findIndex((one) => one.defaultSelected);
  return Math.max(chosen, 0);
}

// A choice that is not offered any more stays as the page has it; of several buttons of one name the one that was pressed is.
function fill(field, value) {
  if (!field) return;
  if (field.type === "checkbox") field.checked = true;
  else if (!field.options || [...field.options].some((one) => one.value === value)) field.value = value;
}
