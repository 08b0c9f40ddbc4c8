// The report being written: kept on the phone after every change, so that a reload, a call or a killed tab loses nothing.

const DRAFT = "geogrid.draft";
const TOKEN = "geogrid.token";

export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// One id a report, made when the report is begun: however often it is sent, it is stored once.
function fresh() {
  return { id: uuid(), kind: "", text: "", pin: null, photos: [], observedAt: null, number: null, forCitizen: false, code: "" };
}

export class Draft {
  constructor() {
    this.value = { ...fresh(), ...this.#read() };
  }

  #read() {
    try {
      return JSON.parse(localStorage.getItem(DRAFT) ?? "{}");
    } catch {
      return {};
    }
  }

  // Returns whether the phone could keep it.
  set(changes) {
    Object.assign(this.value, changes);
    try {
      localStorage.setItem(DRAFT, JSON.stringify(this.value));
      return true;
    } catch {
      return false;
    }
  }

  renew() {
    return this.set({ id: uuid(), observedAt: null, number: null });
  }

  clear() {
    this.value = fresh();
    localStorage.removeItem(DRAFT);
  }
}

// The token comes in the link's fragment, which is sent to no server; it is taken out of the address at once.
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    localStorage.setItem(TOKEN, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return localStorage.getItem(TOKEN);
}
