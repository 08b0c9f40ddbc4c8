// New events without reload: the stream names the tiles that changed. It says how old the picture is when it breaks.

const SILENT_MS = 15000; // a heartbeat comes every 5 s
const AGAIN_MS = 3000;
const QUIET_MS = 20000;

export class Live {
  constructor(url, { since, reloads }, { onSteps, onRepeated, onReload, onState, onOver }) {
    Object.assign(this, { url, since, reloads, onSteps, onRepeated, onReload, onState, onOver: onOver || logIn });
    this.heard = Date.now();
    this.state = "connecting";
    this.connect();
    this.timer = setInterval(() => this.watch(), 1000);
  }

  connect() {
    this.source?.close();
    const source = new EventSource(`${this.url}?since=${this.since}`, { withCredentials: true });
    this.source = source;
    this.tried = Date.now();
    // Who was away when all was to be loaded anew sees it by the number that every heartbeat carries.
    source.addEventListener("heartbeat", (event) => {
      this.alive();
      if (JSON.parse(event.data).reloads !== this.reloads) this.renew(event);
    });
    source.addEventListener("reload", (event) => {
      this.alive();
      this.renew(event);
    });
    source.addEventListener("steps", (event) => {
      const data = JSON.parse(event.data);
      const isNew = data.steps.some(([id]) => id > this.since);
      this.since = Math.max(this.since, Number(event.lastEventId) || 0);
      this.alive();
      if (isNew) this.onSteps(data, this.since);
      else this.later(data);
    });
  }

  renew(event) {
    this.reloads = JSON.parse(event.data).reloads;
    this.onReload();
  }

  // A replay begins a little early, because a step can be committed after a higher one. What it repeats is drawn again in
  // time, quietly: nearly always the picture already has it.
  later(data) {
    clearTimeout(this.pending);
    this.repeated = [...(this.repeated || []), ...data.tiles16];
    this.pending = setTimeout(() => {
      this.onRepeated(this.repeated, this.since);
      this.repeated = [];
    }, QUIET_MS);
  }

  alive() {
    this.heard = Date.now();
    this.say("live");
  }

  // EventSource stops for good after an answer that is not 200: so it is watched from outside.
  // Closed for good may mean that the session is over: then the way goes by the login and back, unless the page says otherwise.
  watch() {
    if (this.source.readyState === EventSource.CLOSED) this.askWhetherOver();
    const age = Date.now() - this.heard;
    if (age > SILENT_MS && this.state !== "over") this.say("stale");
    if ((this.source.readyState === EventSource.CLOSED || age > SILENT_MS) && Date.now() - this.tried > AGAIN_MS) this.connect();
    else this.onState(this.state, age);
  }

  async askWhetherOver() {
    if (this.asking) return;
    this.asking = true;
    const answer = await fetch("/unplaced/count", { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) {
      this.say("over");
      this.onOver();
    }
    this.asking = false;
  }

  say(state) {
    this.state = state;
    this.onState(state, Date.now() - this.heard);
  }
}

export function logIn() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
