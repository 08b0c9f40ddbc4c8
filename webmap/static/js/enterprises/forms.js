// Visits and problems, sent so that nothing typed is lost: without a connection, or when the session is over, the form stays as it is;
// what is refused comes back with its reason. The page works without this.

import { post, SomebodyElse } from "../window/session.js";

const config = JSON.parse(document.getElementById("config").textContent);
const { words } = config;

async function send(form) {
  const told = form.querySelector(".told");
  const say = (text) => (told.textContent = text);
  say(words.sending);
  try {
    const answer = await post(config, form.action, new URLSearchParams(new FormData(form)), "text/html");
    if (answer.ok) {
      location.assign(answer.url);
      return;
    }
    if (answer.status === 401) say(words.session_over);
    else refused(new DOMParser().parseFromString(await answer.text(), "text/html"), say);
  } catch (error) {
    say(error instanceof SomebodyElse ? error.message : words.offline);
  }
  delete form.dataset.busy;
}

// The page that comes back holds what was typed, why it was refused, and what may be said to it.
function refused(page, say) {
  const fault = page.getElementById("fault");
  if (!fault || !page.querySelector("main form")) {
    say(page.querySelector("h1")?.textContent ?? "");
    return;
  }
  document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
  document.getElementById("fault").scrollIntoView({ block: "center" });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("main form[method=post]")) return;
  event.preventDefault();
  if ("busy" in form.dataset) return;
  form.dataset.busy = "";
  send(form);
});
