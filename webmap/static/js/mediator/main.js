// The counter of a station: forms speak to the API, the page is drawn anew by the server, what was typed elsewhere stays.

import { Forms } from "./forms.js";
import { drawRoute } from "./route.js";

const MOST_WAIT_MS = 30_000;
const config = JSON.parse(document.getElementById("config").textContent);
const forms = new Forms(config, (text) => {
  const notice = document.getElementById("notice");
  if (!notice) return;
  notice.textContent = text;
  notice.hidden = !text;
});

// Draws the page as it stands now; forms keep what was typed in them, folds stay as they were. False where there is no such page.
async function redraw(sent) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html", "Accept-Language": config.language }, signal: AbortSignal.timeout(MOST_WAIT_MS) });
  if (!answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const kept = forms.typed(sent);
  const folds = new Map([...document.querySelectorAll("details")].map((fold) => [name(fold), fold.open]));
  const scrolled = document.getElementById("dispute")?.scrollTop ?? 0;
  for (const id of ["queue", "dispute"]) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (fresh && old) old.replaceWith(document.adoptNode(fresh));
  }
  for (const fold of document.querySelectorAll("details")) {
    if (folds.get(name(fold)) && !fold.querySelector(`form[data-key="${sent}"]`)) fold.open = true;
  }
  forms.restore(kept);
  const pane = document.getElementById("dispute");
  if (pane) pane.scrollTop = scrolled;
  return Boolean(pane);
}

const name = (fold) => fold.querySelector("form")?.dataset.key ?? fold.querySelector("summary")?.textContent ?? "";

document.addEventListener("submit", async (submitted) => {
  const form = submitted.target;
  if (!form.dataset.path) return;
  submitted.preventDefault();
  if ("unsure" in form.dataset) return look(form);
  const answer = await forms.send(form);
  if (answer === null) return;
  if ("reveal" in form.dataset) return showParties(answer.parties, form);
  if (form.dataset.key === "route") return location.reload();
  try {
    if (!(await redraw(form.dataset.key))) return location.reload();
  } catch {
    form.dataset.unsure = ""; // it is done, and cannot be shown: nobody shall do it twice
    form.querySelector(".told").textContent = config.words.offline;
    return undefined;
  }
  document.querySelector(`form[data-key="${form.dataset.key}"] button, #dispute .head`)?.focus?.();
});

// Whether what was sent before did arrive nobody knows: the page is shown as it stands now, and who sees it sends again, or not.
async function look(form) {
  const { key } = form.dataset;
  const again = () => {
    delete form.dataset.unsure;
    form.requestSubmit();
  };
  if (key === "route" || "reveal" in form.dataset || !document.getElementById("dispute")) return again(); // twice is as good as once
  try {
    if (!(await redraw(""))) return again(); // the server says why
  } catch {
    form.querySelector(".told").textContent = config.words.offline;
    return undefined;
  }
  const fresh = document.querySelector(`form[data-key="${CSS.escape(key)}"]`);
  if (fresh) fresh.querySelector(".told").textContent = config.words.unsure;
  else document.querySelector("#dispute .head")?.focus?.();
  return undefined;
}

// Names that were revealed stand in the page alone: the next drawing masks them again.
function showParties(parties, form) {
  for (const party of parties) {
    const line = document.querySelector(`[data-party="${party.id}"]`);
    if (!line) continue;
    for (const field of ["name", "phone", "address"]) line.querySelector(`[data-${field}]`).textContent = party[field];
  }
  form.querySelector(".told").textContent = config.words.shown;
}

document.addEventListener("click", (clicked) => {
  const hour = clicked.target.closest("button[data-start]");
  if (!hour) return;
  const form = hour.closest("form");
  form.elements.start.value = hour.dataset.start;
  form.elements.end.value = hour.dataset.end;
});

document.addEventListener("keydown", (pressed) => {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
  if (pressed.target.matches("input, select, textarea")) {
    if (pressed.key === "Escape") pressed.target.blur();
    return;
  }
  const key = pressed.key.toLowerCase();
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  if (key === "n") return jump(document.querySelector("[data-next]")?.hash.slice(1));
  if (/^[1-9]$/.test(key)) return jump(document.querySelectorAll(".cards > .card")[Number(key) - 1]?.id);
  return undefined;
});

function step(by) {
  const rows = [...document.querySelectorAll("a.matter")];
  const at = rows.findIndex((row) => row === document.activeElement || (row.ariaCurrent === "page" && !rows.includes(document.activeElement)));
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

function jump(id) {
  const card = id && document.getElementById(id);
  if (!card) return;
  card.scrollIntoView({ block: "start" });
  (card.querySelector("button.main") ?? card).focus({ preventScroll: true });
}

document.querySelector('a.matter[aria-current="page"]')?.scrollIntoView({ block: "nearest" });
if (config.circuit) drawRoute(document.getElementById("map"), config);
