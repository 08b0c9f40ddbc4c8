// Questions to the server. What goes wrong has its own face: offline, over, forbidden, gone, somebody was quicker, refused.

const MOST_WAIT_MS = 30_000;

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
  constructor({ language, mark, words }) {
    Object.assign(this, { language, mark, words });
  }

  get(path, query = {}) {
    const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
    return this.#ask(asked.size ? `${path}?${asked}` : path, { method: "GET" });
  }

  send(path, body, method = "POST") {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": this.mark };
    return this.#ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  }

  // What to say of an error, in words.
  told(error) {
    if (error instanceof Offline) return this.words.offline;
    if (error instanceof Refused && error.status === 401) return this.words.session_over;
    return error.message;
  }

  async #ask(path, options) {
    const headers = { Accept: "application/json", "Accept-Language": this.language, ...options.headers };
    const watch = AbortSignal.timeout ? { signal: AbortSignal.timeout(MOST_WAIT_MS) } : {};
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
