// Sent with the mark of the session. Who logged in again in another tab has another mark: it is fetched, so that nothing typed is lost.

export const MOST_WAIT_MS = 30_000;

/** Send a form to `address` with the mark in `config`; throws where no answer comes in time. */
export async function post(config, address, body, accept) {
  const send = () => {
    const headers = { Accept: accept, "X-CSRF-Token": config.mark };
    return fetch(address, { method: "POST", body, headers, signal: AbortSignal.timeout(MOST_WAIT_MS) });
  };
  const answer = await send();
  return [401, 403].includes(answer.status) && (await renewed(config)) ? send() : answer;
}

async function renewed(config) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(MOST_WAIT_MS) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = page.getElementById("config");
  const mark = told ? JSON.parse(told.textContent).mark : "";
  if (!mark || mark === config.mark) return false;
  config.mark = mark;
  return true;
}
