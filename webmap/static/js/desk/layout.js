// Three panes whose widths each person sets once: by the mouse, by touch, by the arrow keys on the bar between.

const LEAST_PX = 260;
const STEP_PX = 24;

export class Layout {
  constructor(host, key) {
    Object.assign(this, { host, key: `desk-widths:${key}` });
    this.widths = this.#read();
    this.#apply();
    for (const bar of host.querySelectorAll("[role=separator]")) {
      bar.addEventListener("pointerdown", (event) => this.#drag(bar, event));
      bar.addEventListener("keydown", (event) => this.#pressed(bar, event));
    }
    addEventListener("resize", () => this.#apply());
  }

  #read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key));
      if (kept?.queue > 0 && kept?.matter > 0) return kept;
    } catch {
      // a browser that keeps nothing has the widths of everybody
    }
    return { queue: 0.29, matter: 0.34 };
  }

  #apply() {
    const whole = this.host.clientWidth || innerWidth;
    const least = Math.min(LEAST_PX / whole, 0.4);
    const queue = clamp(this.widths.queue, least, 0.6);
    const matter = clamp(this.widths.matter, least, 0.94 - queue);
    this.host.style.setProperty("--queue", `${(100 * queue).toFixed(2)}%`);
    this.host.style.setProperty("--matter", `${(100 * matter).toFixed(2)}%`);
    for (const bar of this.host.querySelectorAll("[role=separator]")) bar.setAttribute("aria-valuenow", String(Math.round(100 * this.widths[bar.dataset.of])));
  }

  #set(name, share) {
    this.widths[name] = clamp(share, 0.15, 0.65);
    this.#apply();
    try {
      localStorage.setItem(this.key, JSON.stringify(this.widths));
    } catch {
      // not kept
    }
  }

  #drag(bar, event) {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    const box = this.host.getBoundingClientRect();
    const move = (moved) => {
      const at = (moved.clientX - box.left) / box.width;
      this.#set(bar.dataset.of, bar.dataset.of === "queue" ? at : 1 - at);
    };
    bar.addEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
  }

  #pressed(bar, event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const sign = bar.dataset.of === "queue" ? 1 : -1;
    this.#set(bar.dataset.of, this.widths[bar.dataset.of] + (sign * by * STEP_PX) / this.host.clientWidth);
  }
}

function clamp(value, least, most) {
  return Math.max(least, Math.min(most, value));
}
