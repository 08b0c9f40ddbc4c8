// Questions to the server. What goes wrong has its own face: offline, over, forbidden, gone, somebody was quicker, refused.

const MOST_WAIT_MS = 30_000;
const FORGED = "access.csrf";

export class Refused extends Error {
  constructor(status, body) {
    super(body?.message || `HTTP ${status}`);
    Object.assign(this, { status, code: body?.code || "", where: body?.where || {}, retry: Boolean(body?.retry) });
  }

  // Somebody took a step since this page read the matter.
  get isConflict() {
    return this.status === 409 && this.code === "step.conflict";
  }
}

export class Offline extends Error {}

export class Api {
  constructor({ language, mark, me, words }) {
    Object.assign(this, { language, mark, me, words });
  }

  get(path, query = {}, signal = null) {
    const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
    return this.#ask(asked.size ? `${path}?${asked}` : path, { method: "GET" }, signal);
  }

  send(path, body, method = "POST") {
    return this.#send(path, body, method).catch((error) => this.#again(error, () => this.#send(path, body, method)));
  }

  #send(path, body, method) {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": this.mark };
    return this.#ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  }

  // A session that ended meanwhile: who has logged in again elsewhere sends with the mark of the new one; nobody sends for another.
  async #again(error, send) {
    if (error.code !== FORGED) throw error;
    const { mark, me } = await this.get("/login/mark");
    if (me !== this.me) throw new Refused(403, { code: "session.other", message: this.words.somebody_else });
    if (mark === this.mark) throw error;
    this.mark = mark;
    return send();
  }

  // What to say of an error, in words.
  told(error) {
    if (error instanceof Offline) return this.words.offline;
    if (error instanceof Refused && error.status === 401) return this.words.session_over;
    return error.message;
  }

  async #ask(path, options, signal = null) {
    const headers = { Accept: "application/json", "Accept-Language": this.language, ...options.headers };
    const signals = [signal, AbortSignal.timeout?.(MOST_WAIT_MS)].filter(Boolean);
    const watch = AbortSignal.any ? { signal: AbortSignal.any(signals) } : { signal: signals[0] };
    let answer;
    try {
      answer = await fetch(path, { cache: "no-store", ...watch, ...options, headers });
    } catch {
      throw new Offline();
    }
    const body = await answer.json().catch(() => null);
    if (!answer.ok) throw new Refused(answer.status, body);
    return body;
  }
}
