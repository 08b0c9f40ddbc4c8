// One event's page: words unmasked for a purpose, a new code for who raised it, print.

const config = JSON.parse(document.getElementById("config").textContent);
const { words } = config;
const told = document.getElementById("told");

async function send(path, body) {
  const headers = { Accept: "application/json", "Accept-Language": config.language, "Content-Type": "application/json", "X-CSRF-Token": config.mark };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.message);
  return found;
}

function reason(error) {
  return error instanceof TypeError ? words.offline : error.message;
}

document.getElementById("print").addEventListener("click", () => print());

document.getElementById("code")?.addEventListener("click", async () => {
  try {
    const { code } = await send(`/events/${config.id}/follow-code`, {});
    told.textContent = words.code.replace("{code}", code);
  } catch (error) {
    told.textContent = reason(error);
  }
});

document.getElementById("reveal")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const line = form.querySelector(".told");
  try {
    const found = await send(`/api/v1/events/${config.id}/reveal`, { purpose: form.elements.purpose.value });
    document.getElementById("words").textContent = found.text;
    document.getElementById("address").textContent = found.address;
    line.textContent = "✓";
  } catch (error) {
    line.textContent = reason(error);
  }
});
