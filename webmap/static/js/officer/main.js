// The page of the officer: place, kind, words, photos, send; one state line, one receipt.

import { Draft, takeToken } from "./draft.js";
import { drawCode, showCode } from "./follow.js";
import { MOST_PHOTOS, asBlob, shrink } from "./photos.js";
import { Place, grade } from "./place.js";
import { distance, named, percent, showReceipt } from "./receipt.js";
import { Api } from "./send.js";

const GRID_PAUSE_MS = 400;
const AUTOSAVE_MS = 300;
const FAULT_PLACES = { point: "point", datum: "point", accuracy_m: "point", kind: "kind", text: "text", photos: "photos" };

const config = JSON.parse(document.getElementById("config").textContent);
const $ = (id) => document.getElementById(id);
const say = (name, values = {}) => config.words[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
const far = (metres) => distance(metres, say, config.language);
const skewMs = Date.parse(config.now) - Date.now(); // the server's clock counts, whatever the phone's says

const draft = new Draft();
const token = takeToken();
const may = Boolean(config.mark || token);
const api = new Api(token, config.mark, config.language);
const place = new Place({ ...config, token: config.mark ? null : token }, showPlace);
let sending = false;
let gridTimer = 0;
let saveTimer = 0;
let refusal = null; // of the place that is chosen: where it lies, and why no report from there is taken

// -- what is written ----------------------------------------------------------------------------------------------------

function keep(changes) {
  const kept = draft.set(changes);
  showState(kept ? "saved" : "not_saved", kept ? "" : "bad");
}

function keepTyping() {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(() => keep({ text: $("text").value }), AUTOSAVE_MS);
}

function showState(word, tone = "") {
  $("state").textContent = word ? say(word) : "";
  $("state").dataset.tone = tone;
}

function notice(word, tone = "bad") {
  $("notice").hidden = !word;
  $("notice").textContent = word ? say(word) : "";
  $("notice").dataset.tone = tone;
}

function clearFaults() {
  for (const line of document.querySelectorAll(".fault")) line.hidden = true;
}

function fault(name, message) {
  const line = $(`fault-${name}`);
  line.textContent = message;
  line.hidden = false;
  if (line === document.querySelector(".fault:not([hidden])")) line.scrollIntoView({ block: "center" });
}

// What was named as missing is there now.
function mended(...names) {
  for (const name of names) $(`fault-${name}`).hidden = true;
  if (!document.querySelector(".fault:not([hidden])") && $("state").dataset.tone === "bad") showState("saved");
}

// -- the place ----------------------------------------------------------------------------------------------------------

function showPlace() {
  const { fix, pin, trouble } = place;
  const line = $("fix");
  if (refusal && !stands(refusal)) refusal = null;
  if (refusal) {
    line.textContent = refusal.message;
    line.dataset.tone = "poor";
  } else if (pin) {
    line.textContent = say("pinned");
    line.dataset.tone = "good";
  } else if (fix) {
    const word = grade(fix.accuracy_m);
    const about = `${say("about", { distance: far(fix.accuracy_m) })} · ${say(word)}`;
    line.textContent = word === "poor" ? say("vague", { fix: about }) : about;
    line.dataset.tone = word;
  } else {
    line.textContent = say(trouble ?? "finding");
    line.dataset.tone = trouble ? "poor" : "wait";
  }
  $("unpin").hidden = !pin;
  if (place.point) mended("point");
  draft.set({ pin });
  clearTimeout(gridTimer);
  gridTimer = setTimeout(showGrid, GRID_PAUSE_MS);
}

function stands({ lon, lat }) {
  return lon === place.point?.lon && lat === place.point?.lat;
}

async function showGrid() {
  const point = place.point;
  if (!point) return;
  try {
    const found = await api.grid(point);
    if (stands(point)) $("grid-line").textContent = gridWords(found);
  } catch (error) {
    if (!stands(point)) return;
    $("grid-line").textContent = "";
    if (error.retry || !error.message || noPermission(error)) return; // that says nothing about the place
    refusal = { ...point, message: error.message };
    $("fix").textContent = error.message;
    $("fix").dataset.tone = "poor";
  }
}

function gridWords(found) {
  const parts = [];
  if (found.grid_code) parts.push(say("grid", { grid: named(found, found.grid_code) }));
  else parts.push(say("outside", { grid: found.nearest_grid_code ? named(found, found.nearest_grid_code) : "", distance: far(found.nearest_grid_m ?? 0) }));
  if (found.nearest_station) {
    parts.push(say("station", { station: found.names?.[found.nearest_station] ?? found.nearest_station, distance: far(found.distance_m) }));
  }
  const others = found.candidates.filter((one) => one.grid_code !== found.grid_code);
  if (others.length) {
    const shown = others.slice(0, 3).map((one) => `${found.names?.[one.grid_code] ?? one.grid_code} ${percent(one.share)}`);
    parts.push(say("may_be", { candidates: shown.join(say("comma")) }));
  }
  return parts.join(" · ");
}

// -- for a citizen ------------------------------------------------------------------------------------------------------

function keepForCitizen() {
  keep({ forCitizen: $("for-citizen").checked, code: draft.value.code || drawCode() });
  showHanded();
}

// What can be handed over while the report waits: the code holds from its delivery on.
function showHanded() {
  const { forCitizen, code, body: tried } = draft.value;
  if (forCitizen && tried) showCode($("handed"), { code, waits: say("number_waits"), qr: config.follow_qr });
  else $("handed").hidden = true;
}

function showFollowed(event) {
  const { forCitizen, code } = draft.value;
  if (!forCitizen) return;
  if (event.follow_holds === false) return fault("follow", say("code_ended"));
  showCode($("followed"), { code, number: event.number, qr: `/follow/qr.svg?number=${event.number}` });
}

// -- photos -------------------------------------------------------------------------------------------------------------

function showPhotos() {
  const { photos } = draft.value;
  $("photos").replaceChildren(...photos.map(thumbnail));
  $("add-photo").hidden = photos.length >= MOST_PHOTOS;
}

function thumbnail(photo) {
  const figure = document.createElement("figure");
  const image = document.createElement("img");
  image.src = `data:image/jpeg;base64,${photo.data}`;
  image.alt = "";
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "×";
  remove.setAttribute("aria-label", say("remove"));
  remove.addEventListener("click", () => {
    keep({ photos: draft.value.photos.filter((one) => one !== photo) });
    showPhotos();
  });
  const size = document.createElement("figcaption");
  size.textContent = say("photo_kb", { kb: Math.ceil(photo.bytes / 1000) });
  figure.append(image, remove, size);
  return figure;
}

async function addPhoto(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  $("fault-photos").hidden = true;
  try {
    const photo = await shrink(file);
    const others = draft.value.photos.filter((one) => one.sha256 !== photo.sha256);
    keep({ photos: [...others, photo].slice(0, MOST_PHOTOS) });
    mended("text");
  } catch {
    fault("photos", say("photo_bad"));
  }
  showPhotos();
}

// -- sending ------------------------------------------------------------------------------------------------------------

// All that is missing, in the order of the page.
function missing() {
  const lacking = [];
  if (!place.point) lacking.push(["point", say("need_place")]);
  else if (refusal) lacking.push(["point", refusal.message]);
  if (!draft.value.kind) lacking.push(["kind", say("need_kind")]);
  if (!draft.value.text.trim() && !draft.value.photos.length) lacking.push(["text", say("need_words")]);
  if (!may) lacking.push(["other", say("no_token")]);
  return lacking;
}

function body() {
  const { accuracy_m, ...point } = place.point;
  const { id, kind, text, photos } = draft.value;
  const report = { id, channel: "patrol", kind, text, point, datum: "wgs84", observed_at: draft.value.observedAt };
  if (accuracy_m) report.accuracy_m = accuracy_m;
  if (photos.length) report.photos = photos.map((photo) => photo.sha256);
  return followed(report);
}

// The code is no part of the report: the same report is sent again with it where it was thought of later.
function followed({ follow_code, ...report }) {
  return draft.value.forCitizen ? { ...report, follow_code: draft.value.code } : report;
}

async function send(event) {
  event.preventDefault();
  if (sending) return; // a double tap is one report; its id would make it one anyway
  clearFaults();
  notice("");
  clearTimeout(saveTimer);
  draft.set({ text: $("text").value });
  const lacking = missing();
  if (lacking.length) return lacking.forEach(([name, message]) => fault(name, message));
  setSending(true);
  try {
    if (!draft.value.body) {
      draft.set({ observedAt: new Date(Date.now() + skewMs).toISOString() });
    }
    // What was sent once is sent again unchanged, as long as nothing was edited: the answer may only have been lost.
    const report = repeated() ?? body();
    draft.set({ body: report });
    showHanded();
    delivered(await api.report(report));
  } catch (error) {
    await refused(error);
  } finally {
    setSending(false);
  }
}

function repeated() {
  const before = draft.value.body;
  if (!before || before.id !== draft.value.id) return null;
  const now = body();
  const place_stays = before.point.lon === now.point.lon && before.point.lat === now.point.lat;
  const pinned = Boolean(place.pin);
  const same = before.kind === now.kind && before.text === now.text && `${before.photos}` === `${now.photos}`;
  return same && (place_stays || !pinned) ? followed(before) : null;
}

function setSending(on) {
  sending = on;
  $("send").disabled = on;
  if (on) showState("sending");
}

async function refused(error) {
  if (error.code === "report.id_conflict") return arrivedBefore();
  const field = (error.where?.path ?? "").split(".")[0];
  if (noPermission(error)) fault("other", error.code === "access.forbidden" ? error.message : say(config.mark ? "session_over" : "bad_token"));
  else if (error.code === "offline") notice("offline");
  else if (error.retry) notice("busy");
  else fault(FAULT_PLACES[field] ?? "other", error.message);
  return showState(error.retry ? "waiting" : "attention", error.retry ? "wait" : "bad");
}

function noPermission(error) {
  return error.status === 401 || error.status === 403;
}

async function arrivedBefore() {
  const stored = await api.event(draft.value.id).catch(() => null);
  draft.renew();
  draft.set({ body: null });
  fault("other", say("changed", { number: stored?.number ?? "" }));
  showState("waiting", "wait");
}

function delivered(event) {
  draft.set({ number: event.number, event });
  $("form").hidden = true;
  place.stop();
  showReceipt(event, say, far);
  showFollowed(event);
  sendPhotos();
}

async function sendPhotos() {
  const { event } = draft.value;
  $("fault-receipt").hidden = true;
  $("send-photos").hidden = true;
  try {
    for (const photo of draft.value.photos.filter((one) => !one.sent)) {
      await api.photo(event.id, photo.sha256, asBlob(photo));
      photo.sent = true;
      draft.set({ photos: draft.value.photos });
    }
    draft.clear();
  } catch (error) {
    fault("receipt", `${say("photo_waiting")} ${error.message}`);
    $("send-photos").hidden = false;
  }
}

// -- the beginning ------------------------------------------------------------------------------------------------------

function restore() {
  $("text").value = draft.value.text;
  $("for-citizen").checked = draft.value.forCitizen;
  showHanded();
  const kind = document.querySelector(`input[name=kind][value="${CSS.escape(draft.value.kind)}"]`);
  if (kind) kind.checked = true;
  showPhotos();
  if (draft.value.pin) place.setPin(draft.value.pin);
}

$("form").addEventListener("submit", send);
$("text").addEventListener("input", () => {
  keepTyping();
  if ($("text").value.trim()) mended("text");
});
$("for-citizen").addEventListener("change", keepForCitizen);
$("photo").addEventListener("change", addPhoto);
$("locate").addEventListener("click", () => place.locate());
$("unpin").addEventListener("click", () => place.setPin(null));
$("send-photos").addEventListener("click", sendPhotos);
$("another").addEventListener("click", () => {
  draft.clear();
  location.reload();
});
document.querySelector(".kinds").addEventListener("change", (event) => {
  keep({ kind: event.target.value });
  mended("kind");
});
addEventListener("pagehide", () => $("form").hidden || draft.set({ text: $("text").value }));

if (!may) {
  notice("no_token");
  $("enter").hidden = false;
}
if (draft.value.event) {
  delivered(draft.value.event);
} else {
  restore();
  place.locate();
  if (!window.L) fault("point", say("no_map"));
}
