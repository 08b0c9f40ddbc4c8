// The screen of the hall: asked for anew every few seconds; when that fails, it says that the numbers are old.

const EVERY_MS = 4000;
const FAILED_AT = 3;
const called = document.getElementById("called");
const waiting = document.getElementById("waiting");
const asOf = document.getElementById("as-of");
let failed = 0;

function row(first, second, swap = false) {
  const item = document.createElement("li");
  const [label, name] = [document.createElement("b"), document.createElement("span")];
  label.textContent = first;
  name.textContent = second;
  item.append(...(swap ? [name, " ", label] : [label, " ", name]));
  return item;
}

// A number with the times it was called: called again it is as new as at first.
function calledRow(one) {
  const item = row(one.label, one.window);
  item.dataset.call = `${one.label} ${one.calls}`;
  return item;
}

function calls() {
  return new Set([...called.children].map((item) => item.dataset.call));
}

function nobody() {
  const item = document.createElement("li");
  item.className = "none";
  item.textContent = called.dataset.none;
  return item;
}

async function refresh() {
  try {
    const answer = await fetch("/window/display.json", { cache: "no-store", signal: AbortSignal.timeout(EVERY_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    const shown = await answer.json();
    const before = calls();
    called.replaceChildren(...(shown.called.length ? shown.called.map(calledRow) : [nobody()]));
    for (const item of called.children) if (item.dataset.call && !before.has(item.dataset.call)) item.classList.add("fresh");
    waiting.replaceChildren(...shown.waiting.map((one) => row(one.count, one.window, true)));
    document.getElementById("total").textContent = shown.total;
    asOf.textContent = shown.as_of;
    document.body.classList.remove("stale");
    failed = 0;
  } catch {
    failed += 1;
    if (failed < FAILED_AT) return;
    document.body.classList.add("stale");
    asOf.textContent = asOf.dataset.stale;
  }
}

setInterval(refresh, EVERY_MS);
