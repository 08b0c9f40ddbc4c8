// Orders come in, and who read them, without reloading by hand; what is open stays open.

const AGAIN_MS = 6_000;
const PLACE = "#orders";

async function again() {
  if (document.visibilityState !== "visible" || document.querySelector(PLACE).contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(PLACE);
  const now = document.querySelector(PLACE);
  if (!fresh || fresh.innerHTML === bare(now)) return;
  const open = new Set([...now.querySelectorAll("details[open]")].map((one) => one.closest("[data-id]").dataset.id));
  for (const one of fresh.querySelectorAll("details")) one.open = open.has(one.closest("[data-id]").dataset.id);
  now.replaceWith(document.adoptNode(fresh));
}

// What stands there as the server sent it: nothing opened.
function bare(host) {
  const copy = host.cloneNode(true);
  for (const one of copy.querySelectorAll("details")) one.open = false;
  return copy.innerHTML;
}

setInterval(again, AGAIN_MS);
