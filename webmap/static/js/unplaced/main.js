// The queue of unplaced events: a grid named by a person goes to the API; the row says what came of it.

import { takeToken } from "../officer/draft.js";

const config = JSON.parse(document.getElementById("config").textContent);
const token = takeToken();
const notice = document.getElementById("notice");
const total = document.getElementById("total");

function say(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

async function place(row, gridCode) {
  const answer = await fetch(`/api/v1/events/${row.dataset.id}/grid`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Accept-Language": config.language },
    body: JSON.stringify({ grid_code: gridCode }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body.assignment.grid_code;
}

function done(row, gridCode) {
  row.dataset.done = "";
  const line = document.createElement("p");
  line.textContent = config.words.placed.replace("{grid}", gridCode);
  row.querySelector("form").replaceWith(line);
  total.textContent = Math.max(0, Number(total.textContent.replace(/\D/g, "")) - 1).toLocaleString("en");
}

document.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const row = submitted.target.closest("li");
  const gridCode = submitted.target.elements.grid.value.trim();
  if (!token) return say(config.words.no_token);
  if (!gridCode) return say(config.words.need_grid);
  const button = row.querySelector("button");
  button.disabled = true;
  try {
    done(row, await place(row, gridCode));
    say("");
  } catch (error) {
    button.disabled = false;
    say(error instanceof TypeError ? config.words.offline : error.message);
  }
});
