"""``/imports``: what imports did, each with its refused rows and coverage faults on the map."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, make_response, render_template, send_file

from geogrid.domain.grids import GeographyKind
from geogrid.domain.masking import mask_text
from geogrid.errors import NotFoundError
from geogrid.store.session import session_scope
from layers.extent import Box, district_extent
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.synthetic import holds_synthetic
from webmap.account_pages import shown_time
from webmap.bundles import address
from webmap.folium_map import served_page
from webmap.headers import csp_nonce
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.map_frame import chrome, described_layers, map_frame
from webmap.roles import READERS, roles

blueprint = Blueprint("imports", __name__)

ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,40}")
MOST_LISTED = 200
MOST_IMPORTS = 100
LEAST_SPAN_DEG = 0.02
FILES = {
    "refused.gpkg": "application/geopackage+sqlite3",
    "refused.geojson": "application/geo+json",
    "report.json": "application/json",
}
TILES = "/tiles/{set}/{z}/{x}/{y}.mvt"


def _no_rows(view: Any) -> Any:
    raise LookupError("these points stand in the page itself")


REFUSED = Layer(
    name="refused",
    title="Refused rows",
    group=Group.MATTERS,
    rules=(Rule("Refused rows", Symbol(Shape.CIRCLE, stroke="halo", fill="refused", width_px=1.5, radius_px=5.0)),),
    select=_no_rows,
    pick=True,
)
FAULTS = Layer(
    name="faults",
    title="Coverage faults",
    group=Group.MATTERS,
    rules=(Rule("Coverage faults", Symbol(Shape.DIAMOND, stroke="halo", fill="fault", width_px=1.5, radius_px=6.0)),),
    select=_no_rows,
    pick=True,
)
BACKGROUND = ("district", "water", "roads", "base_grids", "townships")
KINDS = {"events": "Events", "enterprises": "Enterprises", "orders": "Hotline orders"}  # what is no geography
STATES = {"loaded": "Loaded", "dry_run": "Dry run: nothing was loaded", "failed": "Failed"}


def imports_dir() -> Path:
    """Return the folder of import reports."""
    folder: Path = installation().settings.var_dir / "imports"
    return folder


def read_report(import_id: str) -> dict[str, Any]:
    """Return the report of an import; raises NotFoundError where there is none or the id is not one."""
    path = imports_dir() / import_id / "report.json"
    if not ID.fullmatch(import_id) or not path.is_file():
        raise NotFoundError(what=import_id[:60])
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for part in found["parts"]:
        if part["kind"] not in GeographyKind.codes():
            part["refused"] = [{**row, **{name: mask_text(row[name]) for name in ("zh", "en")}} for row in part["refused"]]
    return found


def holds_words(report: dict[str, Any]) -> bool:
    """Whether an import was of what people said or of people: its files hold that unmasked, and stay on the machine."""
    return any(part["kind"] not in GeographyKind.codes() for part in report["parts"])


@blueprint.get("/imports")
@roles(READERS)
def every() -> str:
    """Send the list of imports, the latest first."""
    folders = sorted((path.parent for path in imports_dir().glob("*/report.json")), key=lambda path: path.name, reverse=True)
    found = [_summary(read_report(folder.name)) for folder in folders[:MOST_IMPORTS] if ID.fullmatch(folder.name)]
    rows = sorted(found, key=lambda row: row["at"], reverse=True)
    here = installation()
    with session_scope(here.engine) as session:
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    return render_template("imports.html", rows=rows, synthetic=synthetic)


def _summary(report: dict[str, Any]) -> dict[str, Any]:
    totals = {name: sum(part["rows"][name] for part in report["parts"]) for name in ("read", "accepted", "refused")}
    at = shown_time(datetime.fromisoformat(report["made_at"]))
    return {
        **report,
        **totals,
        "at": at,
        "state_text": say(STATES.get(report["state"], report["state"])),
        "kinds": _kinds(report),
    }


def _kinds(report: dict[str, Any]) -> str:
    return say(", ").join(kind_text(part["kind"]) for part in report["parts"])


def kind_text(kind: str) -> str:
    """Return what rows of ``kind`` are called."""
    return label(GeographyKind(kind)) if kind in GeographyKind.codes() else say(KINDS.get(kind, kind))


@blueprint.get("/imports/<import_id>")
@roles(READERS)
def one(import_id: str) -> Response:
    """Send the report of one import beside the map of what it refused."""
    here, language = installation(), current_language()
    report = read_report(import_id)
    points = _points(report)
    with session_scope(here.engine) as session:
        extent = district_extent(session, here.district.profile.centre_lonlat)
        background = [layer for layer in described_layers(session, language, on_demand=False) if layer["name"] in BACKGROUND]
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    body = render_template(
        "import.html",
        report=_summary(report),
        most=MOST_LISTED,
        kind_text=kind_text,
        files=_files(import_id, report),
        language=language,
    )
    shell = chrome(language, name="", edition="", synthetic=synthetic, searchable=False, live=False, saved_at="", bare=True)
    layers = [*background, *({**layer.described(language), "set": None} for layer in (FAULTS, REFUSED))]
    frame = map_frame(
        here.district.profile,
        language,
        bounds=_around(points, extent) or extent,
        markup=shell + body,
        layers=layers,
        config={"tiles": TILES, "points": points, "set": "base", "extent": extent},
    )
    return make_response(
        served_page(
            frame, vendor_js=address("vendor.js"), map_js=address("map.js"), map_css=address("map.css"), nonce=csp_nonce()
        )
    )


def _points(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return refused rows and faults that have a place, as the map's module takes points of its own."""
    language = current_language()
    found: dict[str, list[dict[str, Any]]] = {"refused": [], "faults": []}
    for part in report["parts"]:
        for name, rows in (("refused", part["refused"]), ("faults", part["coverage"])):
            found[name] += [
                {"lonlat": row["lonlat"], "code": f"{part['kind']}-{i}", "name": _title(part, row), "text": row[language]}
                for i, row in enumerate(rows)
                if row["lonlat"]
            ]
    return found


def _title(part: dict[str, Any], row: dict[str, Any]) -> str:
    place = " · " + say("row {n}", n=row["row"]) if row.get("row") is not None else ""
    return f"{kind_text(part['kind'])}{place}"


def _around(points: dict[str, list[dict[str, Any]]], extent: Box) -> Box | None:
    """Return the box of the points in and about the district; one row at the other end of the country must not shrink it."""
    places = [point["lonlat"] for rows in points.values() for point in rows if _near(point["lonlat"], extent)]
    if not places:
        return None
    west, south = (min(place[i] for place in places) for i in (0, 1))
    east, north = (max(place[i] for place in places) for i in (0, 1))
    return west - LEAST_SPAN_DEG, south - LEAST_SPAN_DEG, east + LEAST_SPAN_DEG, north + LEAST_SPAN_DEG


def _near(lonlat: list[float], extent: Box) -> bool:
    west, south, east, north = extent
    dx, dy = (east - west) / 2, (north - south) / 2
    return west - dx <= lonlat[0] <= east + dx and south - dy <= lonlat[1] <= north + dy


def _files(import_id: str, report: dict[str, Any]) -> list[str]:
    return [] if holds_words(report) else [name for name in FILES if (imports_dir() / import_id / name).is_file()]


@blueprint.get("/imports/<import_id>/<name>")
@roles(READERS)
def file(import_id: str, name: str) -> Response:
    """Send a file of an import, to mend and load again; those of events and workers are mended on the machine itself."""
    path = imports_dir() / import_id / name
    if not ID.fullmatch(import_id) or name not in FILES or not path.is_file() or holds_words(read_report(import_id)):
        raise NotFoundError(what=f"{import_id[:60]}/{name[:60]}")
    return send_file(path, mimetype=FILES[name], as_attachment=True, download_name=f"{import_id}-{name}")
