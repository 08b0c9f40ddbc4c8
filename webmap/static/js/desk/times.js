// Times, relative and absolute, by the platform's clock (which a demo may have set), in the district's zone.

import { fill } from "./dom.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export class Clock {
  constructor({ now, timezone, language, words }) {
    this.ahead = new Date(now).getTime() - Date.now();
    this.words = words;
    const form = { timeZone: timezone, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    this.days = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit" });
    this.long = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { ...form, year: "numeric" });
    this.brief = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", form);
  }

  now() {
    return Date.now() + this.ahead;
  }

  // Today in the district, as a date field has it.
  today() {
    return this.days.format(this.now());
  }

  at(iso) {
    return iso ? this.long.format(new Date(iso)) : "";
  }

  short(iso) {
    return iso ? this.brief.format(new Date(iso)) : "";
  }

  // "2 小时 10 分": two units at most, cut and never rounded up.
  span(ms) {
    const { days, hours, minutes } = this.words.span;
    const total = Math.abs(ms);
    const [d, h, m] = [Math.floor(total / DAY), Math.floor((total % DAY) / HOUR), Math.floor((total % HOUR) / MINUTE)];
    if (d > 0) return fill(days, { n: d }) + (h && d < 10 ? ` ${fill(hours, { n: h })}` : "");
    if (h > 0) return fill(hours, { n: h }) + (m ? ` ${fill(minutes, { n: m })}` : "");
    return fill(minutes, { n: m });
  }

  ago(iso) {
    return iso ? fill(this.words.span.ago, { time: this.span(this.now() - new Date(iso).getTime()) }) : "";
  }

  // A deadline in words; a clock that stands still has none.
  due(clock) {
    if (!clock) return this.words.span.none;
    if (clock.paused) return this.words.span.paused;
    const left = new Date(clock.due_at).getTime() - this.now();
    return fill(left < 0 ? this.words.span.late : this.words.span.due, { time: this.span(left) });
  }
}
