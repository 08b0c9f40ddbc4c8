// The queue of unplaced events: places that the words could mean, confirmed with one key or tap; or a grid named by hand.

import { candidate, Candidates } from "./places.js";
import { SmallMap } from "./small_map.js";

const config = JSON.parse(document.getElementById("config").textContent);
const notice = document.getElementById("notice");
const total = document.getElementById("total");
const rows = [...document.querySelectorAll(".queue > li")];
const map = new SmallMap(document.getElementById("map"), config, (row, number) => confirm(row, number));
const candidates = new Candidates(config, (row) => row === active && map.show(row, candidates.of(row)));
let active = null;

function say(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

async function place(row, body) {
  const answer = await fetch(`/api/v1/events/${row.dataset.id}/grid`, {
    method: "PUT",
    headers: { "X-CSRF-Token": config.mark, "Content-Type": "application/json", "Accept-Language": config.language },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told.assignment.grid_code;
}

function done(row, text) {
  row.dataset.done = "";
  const line = document.createElement("p");
  line.className = "done";
  line.textContent = text;
  row.querySelector("form").replaceWith(line);
  row.querySelector(".places")?.remove();
  total.textContent = Math.max(0, Number(total.textContent.replace(/\D/g, "")) - 1).toLocaleString("en");
  const next = rows.slice(rows.indexOf(row) + 1).find((other) => !("done" in other.dataset));
  map.hide();
  if (next && row.contains(document.activeElement)) next.focus();
  else if (next && (document.activeElement === document.body || document.activeElement === row)) next.focus();
}

// Sends once: a second key or tap while the first is under way does nothing.
async function send(row, body, told) {
  if ("busy" in row.dataset || "done" in row.dataset) return undefined;
  row.dataset.busy = "";
  for (const button of row.querySelectorAll("button")) button.disabled = true;
  try {
    done(row, told(await place(row, body)));
    say("");
  } catch (error) {
    for (const button of row.querySelectorAll("button")) button.disabled = false;
    say(error instanceof TypeError ? config.words.offline : error.message);
  }
  delete row.dataset.busy;
  return undefined;
}

function confirm(row, number) {
  const chosen = candidates.of(row)[number - 1];
  if (!chosen) return undefined;
  return send(row, { place: candidate(chosen) }, (grid) =>
    config.words.confirmed.replace("{grid}", grid).replace("{name}", chosen.name),
  );
}

document.addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const row = submitted.target.closest("li[data-id]");
  const gridCode = submitted.target.elements.grid.value.trim();
  if (!gridCode) return say(config.words.need_grid);
  return send(row, { grid_code: gridCode }, (grid) => config.words.placed.replace("{grid}", grid));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-number]");
  if (button) return confirm(button.closest("li[data-id]"), Number(button.dataset.number));
  const again = event.target.closest("button[data-again]");
  if (again) return candidates.load(again.closest("li[data-id]"));
  return undefined;
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("li[data-id]");
  if (!row || row === active || "done" in row.dataset) return;
  active?.classList.remove("active");
  active = row;
  row.classList.add("active");
  map.show(row, candidates.of(row));
  candidates.load(row);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target.closest?.("li[data-id]");
  if (event.target.matches?.("input")) {
    if (event.key === "Escape") row?.focus();
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const open = rows.filter((other) => !("done" in other.dataset) || other === row);
    const next = open[row ? open.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1) : 0];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  } else if (row && /^[1-9]$/.test(event.key)) {
    event.preventDefault();
    confirm(row, Number(event.key));
  } else if (row && event.key.toLowerCase() === "g") {
    event.preventDefault();
    row.querySelector("input")?.select();
  }
});

candidates.watch(rows);
if (rows[0] && matchMedia("(min-width: 701px)").matches) rows[0].focus({ preventScroll: true });
