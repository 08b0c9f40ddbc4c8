// Sent with the mark of the session. Who logged in again in another tab has another mark: it is asked for, so that nothing typed is
// lost; nobody sends what another person typed.

const MOST_WAIT_MS = 30_000;

export class SomebodyElse extends Error {}

/** Send a form to `address` with the mark in `config`; throws where no answer comes in time, or somebody else is logged in now. */
export async function post(config, address, body, accept) {
  const answer = await ask(address, { method: "POST", body, headers: { Accept: accept, "X-CSRF-Token": config.mark } });
  if (answer.status !== 403) return answer;
  const { mark, me } = await (await ask("/login/mark", { headers: { Accept: "application/json" } })).json();
  if (!mark || mark === config.mark) return answer;
  if (me !== config.me) throw new SomebodyElse(config.words.somebody_else);
  config.mark = mark;
  return post(config, address, body, accept);
}

function ask(address, options) {
  return fetch(address, { cache: "no-store", signal: AbortSignal.timeout(MOST_WAIT_MS), ...options });
}
