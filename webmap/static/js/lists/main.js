// Cells open beside the matrix without losing its place; arrow keys lead from cell to cell, Escape closes.

const panel = document.getElementById("cell");
const matrix = document.querySelector(".matrix");
let asked = 0;

matrix?.querySelector(".cell[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

for (const select of document.querySelectorAll("#ask select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

function mark(cell) {
  matrix.querySelector(".cell[aria-current]")?.removeAttribute("aria-current");
  cell?.setAttribute("aria-current", "true");
}

/** Put what the page of `address` says of its cell into the panel; a failure goes to the page itself. */
async function open(address, { push = true } = {}) {
  const number = (asked += 1);
  panel.dataset.state = "loading";
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("cell");
    if (number !== asked) return;
    if (!answer.ok || answer.redirected || !found) throw new Error("not the page");
    panel.replaceChildren(...found.childNodes);
    document.getElementById("hint")?.remove();
    matrix.querySelector(".cell[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (push) history.pushState({}, "", address);
  } catch {
    if (number === asked) location.assign(address);
    return;
  }
  delete panel.dataset.state;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.cell, #cell a.close");
  if (!link || !matrix || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  mark(link.matches(".cell") ? link : null);
  open(link.href.split("#")[0]);
});

addEventListener("popstate", () => location.reload());

/** The cell beside another one, `down` rows below and `right` columns on; rows of group titles are passed over. */
function beside(cell, down, right) {
  const rows = [...matrix.querySelectorAll("tbody tr:not(.group)")];
  const row = rows[rows.indexOf(cell.closest("tr")) + down];
  return row?.querySelectorAll(".cell")[cell.closest("td").cellIndex - 1 + right];
}

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

matrix?.addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  const cell = event.target.closest(".cell");
  if (!move || !cell) return;
  event.preventDefault();
  const next = beside(cell, ...move);
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
});

document.addEventListener("keydown", (event) => {
  const close = panel.querySelector("a.close");
  if (event.key !== "Escape" || !close) return;
  const cell = matrix?.querySelector(".cell[aria-current]");
  close.click();
  cell?.focus();
});
