// What became of the report: number, grid, stations, how sure, what else it could be.

const $ = (id) => document.getElementById(id);

export function showReceipt(event, say, far) {
  const found = event.assignment;
  $("number").textContent = event.number;
  const facts = [
    ["label_grid", found.grid_code ? named(found, found.grid_code) : say("unplaced")],
    ["label_station", found.nearest_station && `${named(found, found.nearest_station)} · ${far(found.distance_m)}`],
    ["label_home", found.home_station && named(found, found.home_station)],
    ["label_sure", percent(found.confidence)],
    ...(found.candidates.length > 1 ? found.candidates : []).map((one) => ["label_candidates", `${named(found, one.grid_code)} · ${percent(one.share)}`]),
  ];
  $("receipt-facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) => [line("dt", say(name)), line("dd", value)]));
  $("receipt-words").replaceChildren(...found.explanation.map((sentence) => line("li", sentence)));
  $("on-map").href = event.links.map;
  $("receipt").hidden = false;
  $("receipt").focus();
  scrollTo(0, 0);
}

// People know names, programs know codes: the name first, the code beside it.
export function named(found, code) {
  const name = found.names?.[code];
  return name ? `${name} (${code})` : code;
}

// A length as people say it: metres up to a kilometre, then kilometres.
export function distance(metres, say, language) {
  const number = (value, digits) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  if (metres < 1000) return say("metres", { n: number(metres, 0) });
  return say("kilometres", { n: number(metres / 1000, metres < 10_000 ? 1 : 0) });
}

// Cut, not rounded: nothing is ever said to be 100 % that is not.
export function percent(share) {
  const tenths = Math.floor(share * 1000 + 1e-9);
  return share > 0 && tenths === 0 ? "< 0.1 %" : `${(tenths / 10).toFixed(1)} %`;
}

function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
