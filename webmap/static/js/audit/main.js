// "Verify now" shows how far the chain was followed, line by line as the server tells it; then the page is read anew.

const form = document.getElementById("verify");
const progress = document.getElementById("progress");
const bar = progress.querySelector("progress");
const words = progress.querySelector("span");

function show({ records, of }) {
  bar.max = Math.max(of, 1);
  bar.value = records;
  words.textContent = words.dataset.says
    .replace("{done}", records.toLocaleString())
    .replace("{all}", of.toLocaleString());
}

/** Give each line of an answer as it arrives. */
async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts.filter(Boolean).map((part) => JSON.parse(part));
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  progress.hidden = false;
  words.textContent = "";
  bar.removeAttribute("value");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) throw new Error(String(answer.status));
    let last = null;
    for await (const told of lines(answer)) {
      if (told.says) last = told;
      else show(told);
    }
    if (!last) throw new Error("cut off");
    location.reload();
  } catch {
    words.textContent = words.dataset.failed;
    button.disabled = false;
  }
});
