// Talking to the API. Every failure comes back as {code, message, where, retry, status}.

const SLOW_MS = 60_000;

async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { ...options, signal: AbortSignal.timeout(SLOW_MS), cache: "no-store" });
  } catch {
    throw { code: "offline", message: "", where: {}, retry: true, status: 0 };
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  throw { code: "unavailable", message: "", where: {}, retry: answer.status >= 500, ...(body ?? {}), status: answer.status };
}

export class Api {
  // Who is logged in sends the mark of the page, else the key of the link is the permission.
  constructor(token, mark, language) {
    this.mark = mark;
    this.permission = mark ? { "X-CSRF-Token": mark } : { Authorization: `Bearer ${token}` };
    this.language = language;
  }

  #headers(more = {}) {
    return { ...this.permission, "Accept-Language": this.language, Accept: "application/json", ...more };
  }

  // A session that ended while one was writing: who has logged in again elsewhere sends with the mark of the new session.
  async #ask(address, options) {
    try {
      return await ask(address, options());
    } catch (error) {
      if (!this.mark || ![401, 403].includes(error.status)) throw error;
      const { mark } = await ask("/login/mark", { headers: { Accept: "application/json" } }).catch(() => ({}));
      if (!mark || mark === this.mark) throw error;
      this.mark = mark;
      this.permission = { "X-CSRF-Token": mark };
      return ask(address, options());
    }
  }

  report(body) {
    return this.#ask("/api/v1/events", () => ({
      method: "POST",
      headers: this.#headers({ "Content-Type": "application/json" }),
      body: JSON.stringify(body),
    }));
  }

  photo(eventId, sha256, blob) {
    return this.#ask(`/api/v1/events/${eventId}/photos/${sha256}`, () => ({
      method: "PUT",
      headers: this.#headers({ "Content-Type": "image/jpeg" }),
      body: blob,
    }));
  }

  event(eventId) {
    return ask(`/api/v1/events/${eventId}`, { headers: this.#headers() });
  }

  grid(point) {
    const query = new URLSearchParams({ lon: point.lon, lat: point.lat, datum: "wgs84" });
    if (point.accuracy_m) query.set("accuracy_m", point.accuracy_m);
    return ask(`/api/v1/grids?${query}`, { headers: this.#headers() });
  }
}
