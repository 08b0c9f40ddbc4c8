// Orders of outside channels: keys, and the list kept fresh. The page works without this.

const EVERY_MS = 15000;

/** Move between the orders of the list. */
function step(by) {
  const links = [...document.querySelectorAll("#orders td.number a")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const open = links.findIndex((link) => link.closest("tr").hasAttribute("aria-current"));
  const from = at >= 0 ? at : open;
  links[Math.min(Math.max(from + by, 0), links.length - 1)].focus();
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector('input[name="q"]').focus();
  } else if (event.key === "j" || event.key === "ArrowDown") {
    event.preventDefault();
    step(1);
  } else if (event.key === "k" || event.key === "ArrowUp") {
    event.preventDefault();
    step(-1);
  }
});

/** Whether somebody is typing, or reads a number that is shown once: nothing is replaced then. */
function isBusy() {
  return document.hidden || document.querySelector("#revealed, #order details[open]") || document.activeElement?.matches("input, select");
}

async function refresh() {
  if (isBusy()) return;
  let text;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    text = await answer.text();
  } catch {
    return; // no connection: what is shown stays, and is tried again
  }
  if (isBusy()) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const focused = document.activeElement?.getAttribute("href");
  for (const place of ["#orders", ".sums", "#order"]) {
    const now = document.querySelector(place);
    const next = fresh.querySelector(place);
    if (now && next && now.innerHTML !== next.innerHTML) now.replaceChildren(...next.childNodes);
  }
  if (focused) document.querySelector(`#orders a[href="${CSS.escape(focused)}"]`)?.focus();
}

// A page that answers a form stands at another address: it is left as it is.
if (location.pathname === "/hotline") setInterval(refresh, EVERY_MS);
