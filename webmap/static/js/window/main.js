// A clerk's form: words become places to confirm, danger is said first, nothing typed is lost; and the numbers of the hall.

import { candidate, Candidates } from "../unplaced/places.js";
import { SmallMap } from "../unplaced/small_map.js";
import { Numbers } from "./numbers.js";
import { post, SomebodyElse } from "./session.js";

const TYPING_MS = 500;
const MOST_SAID = 500;

const config = JSON.parse(document.getElementById("config").textContent);
const { words } = config;
const form = document.getElementById("form");
const told = document.getElementById("told");
const chosen = document.getElementById("chosen");
const places = document.getElementById("places");
const host = places.parentElement;
const mapHost = document.getElementById("map");
const map = new SmallMap(mapHost, config, (_, number) => confirm(number));
const candidates = new Candidates(config, (row) => map.show(mapRow, candidates.of(row)));
// The map stays in its box, which keeps its place: nothing below it moves while one works there.
const mapRow = { append: () => {} };
let timer;

function say(text) {
  told.textContent = text;
}

// What was chosen goes with the form; words that change take it back.
function choose(place) {
  form.elements.place.value = place ? JSON.stringify(candidate(place)) : "";
  chosen.textContent = place ? words.chosen.replace("{name}", place.name) : words.not_chosen;
  chosen.dataset.state = place ? "there" : "";
}

// The words that a place is looked up by, as they stand in the form now.
function said() {
  return (form.elements.address.value.trim() || form.elements.text.value.trim()).slice(0, MOST_SAID);
}

// Only what stands on the page for the words as they are now: never a place of words that were typed before.
function confirm(number) {
  const place = candidates.of(host)[number - 1];
  if (!place || places.dataset.state !== "there" || host.dataset.said !== said()) return;
  choose(place);
  for (const button of places.querySelectorAll("button[data-number]")) button.setAttribute("aria-pressed", String(Number(button.dataset.number) === number));
}

function forget() {
  choose(null);
  host.dataset.said = "";
  places.querySelector("ol").replaceChildren();
  places.querySelector(".told").textContent = "";
  places.dataset.state = "waiting";
  map.hide();
}

function look() {
  if (said() === host.dataset.said) return;
  forget();
  host.dataset.said = said();
  if (host.dataset.said.length > 1) candidates.load(host);
}

function alarm() {
  const said = `${form.elements.text.value} ${form.elements.address.value}`.toLowerCase();
  document.getElementById("alarm").hidden = !config.danger.some((word) => said.includes(word));
}

form.addEventListener("input", (event) => {
  alarm();
  if (!["address", "text"].includes(event.target.name)) return;
  clearTimeout(timer);
  if (said() !== host.dataset.said) forget();
  timer = setTimeout(look, TYPING_MS);
});

places.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-number]");
  if (button) confirm(Number(button.dataset.number));
  if (event.target.closest("button[data-again]")) candidates.load(host);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.altKey && /^[1-5]$/.test(event.key)) {
    event.preventDefault();
    clearTimeout(timer);
    look();
    confirm(Number(event.key));
  } else if (event.target.name === "address" && event.key === "Enter") {
    event.preventDefault();
    clearTimeout(timer);
    look();
    places.querySelector("button[data-number]")?.focus();
  }
});

// Sent by the script, so that without a connection the form stays as it is; the receipt that comes back is the page.
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  clearTimeout(timer);
  say(words.sending);
  try {
    const answer = await post(config, form.action, new URLSearchParams(new FormData(form)), "text/html");
    if (answer.status === 401) {
      say(words.session_over);
    } else {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (page.getElementById("receipt")) {
        sent = true;
        show(page);
        return;
      }
      say(page.getElementById("fault")?.textContent || page.querySelector("h1")?.textContent || answer.statusText);
    }
  } catch (error) {
    say(error instanceof SomebodyElse ? error.message : words.offline);
  }
  button.disabled = false;
});

// The receipt takes the place of the form: its styles are those of this page, its script is loaded beside it.
function show(page) {
  document.title = page.title;
  document.body.className = page.body.className;
  document.body.replaceChildren(...page.body.childNodes);
  import("./receipt.js").then((receipt) => receipt.begin());
}

let sent = false;
addEventListener("beforeunload", (event) => !sent && form.elements.text.value.trim() && event.preventDefault());

const numbers = new Numbers(config, (ticket) => {
  form.elements.ticket.value = ticket.id;
  const line = document.getElementById("for");
  line.hidden = false;
  line.querySelector("b").textContent = ticket.label;
  form.elements.text.focus();
});
numbers.start();
alarm();
if (form.elements.address.value || form.elements.text.value) look();
