// What became of the report: number, grid, stations, how sure, what else it could be.

const $ = (id) => document.getElementById(id);

export function showReceipt(event, say) {
  const found = event.assignment;
  $("number").textContent = event.number;
  const facts = [
    ["label_grid", found.grid_code ?? say("unplaced")],
    ["label_station", found.nearest_station && say("station", { station: found.nearest_station, metres: Math.round(found.distance_m) })],
    ["label_home", found.home_station],
    ["label_sure", `${Math.round(found.confidence * 100)} %`],
    ["label_candidates", found.candidates.length > 1 && candidates(found)],
  ];
  $("receipt-facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) => [line("dt", say(name)), line("dd", value)]));
  $("receipt-words").replaceChildren(...found.explanation.map((sentence) => line("li", sentence)));
  $("on-map").href = event.links.map;
  $("receipt").hidden = false;
  $("receipt").focus();
  scrollTo(0, 0);
}

function candidates(found) {
  return found.candidates.map((one) => `${one.grid_code} ${Math.round(one.share * 100)} %`).join(", ");
}

function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
