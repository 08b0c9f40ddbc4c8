"""What an import did, for people and pages: ``var/imports/<id>/report.json``, ``refused.gpkg`` and ``refused.geojson``.

The schema of ``report.json`` (numbers are counts of rows unless they carry a unit; every text comes as zh and en)::

    {"schema": 1, "id": "20250618T150000-1f3a", "made_at": ISO time, "profile": "999901", "edition": name or null,
     "state": "loaded" | "dry_run" | "failed", "activated": bool, "error": null or {"code", "zh", "en"},
     "parts": [                                  one for each kind of rows in the import
       {"kind": "base_grids", "file": name, "format": name, "layer": name or null,
        "rows": {"read", "accepted", "mended", "refused", "known", "later"},
        "notes":   [text, with "warning": true where it must not be overlooked],
        "columns": {"cut": {column of the file: ours}, "unused": [of the file], "absent": [of ours]},
        "mended":  [{"code", "rows", "first_rows": [row...], "zh", "en"}],
        "refused": [{"row", "code", "lonlat": [lon, lat] or null, "zh", "en"}],        at most MOST_LISTED
        "refused_by_code": {code: rows},
        "coverage": [{"kind": "gap" | "overlap" | "sliver" | "not_nested", "group", "codes", "area_m2", "lonlat", "zh", "en"}],
        "difference": null or {"against", "added", "removed", "changed", "moved": [code...], "unchanged",
                               "fields": {column: rows in which it changed}, "lost": [column that no row has any more]},
        "again": the command that loads refused.gpkg once it is mended}]}

``known`` rows were stored before (the same report again); ``later`` ones had not happened at ``--as-of``. ``refused.gpkg``
has a layer for each kind with the columns as they came, so that its rows can be mended and loaded again;
``refused.geojson`` (RFC 7946) shows where they lie, with ``kind row code zh en`` as properties.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.check import Checked, Refusal
from etl.compare import Difference, Fault
from etl.mending import Mending
from etl.sources.table import Note
from geogrid.errors import GeogridError
from geogrid.texts import translate

SCHEMA = 1
MOST_LISTED = 10_000
MOST_FIRST_ROWS = 10
LANGUAGES = ("zh", "en")

MENDINGS = {
    "z_dropped": "Heights were dropped",
    "repeated_vertices": "Repeated vertices were removed",
    "laid_on_grid": "Parts narrower than 1e-9 degrees were closed, for rounding to it made the border cross itself",
    "winding": "The direction of rings was turned",
    "time_dropped": "A time before 1990 was taken as none",
    "time_before_report": "A step before the report was left out",
    "left_to_place": "Rows without a location whose words are not sure are kept for a person to place (/unplaced)",
    "placed_by_words": "Rows without a location were placed by their words; the radius is the accuracy",
    "steps_implied": "Steps without a time took that of the step after them",
}
FAULTS = {
    "gap": "A gap of {area} m² beside {codes}",
    "overlap": "{codes} overlap by {area} m²",
    "sliver": "A sliver of {area} m² at {codes}",
    "not_nested": "{codes}: {area} m² of the grid lie outside the village it names",
}
STATES = {"loaded": "Loaded", "dry_run": "Dry run: nothing was loaded", "failed": "Failed"}


@dataclass(frozen=True)
class Part:
    """What became of one kind of rows; ``refused`` and ``mended`` also hold what was found after the check (by the store)."""

    checked: Checked
    accepted: int
    refused: tuple[Refusal, ...]
    mended: tuple[Mending, ...]
    coverage: tuple[Fault, ...] = ()
    difference: Difference | None = None
    known: int = 0
    later: int = 0
    notes: tuple[Note, ...] = ()
    layer: str | None = None
    again: str = ""

    @property
    def kind(self) -> str:
        return self.checked.kind.name


@dataclass(frozen=True)
class ImportReport:
    """An import; see the module for what each field becomes in ``report.json``."""

    id: str
    made_at: datetime
    profile: str
    edition: str | None
    state: str
    parts: tuple[Part, ...]
    activated: bool = False
    error: GeogridError | None = None

    @property
    def refused_rows(self) -> int:
        return sum(len(part.refused) for part in self.parts)

    def but(self, **changes: Any) -> ImportReport:
        """Return the report with fields changed."""
        return replace(self, **changes)


def new_id(now: datetime) -> str:
    """Return the id of an import: its time in UTC and four hexadecimal digits, fit for a folder and a URL."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def part_of(checked: Checked, **values: Any) -> Part:
    """Return the part of a report for the rows of a check."""
    found = {"accepted": len(checked.frame), "refused": checked.refused, "mended": checked.mended, "notes": checked.notes}
    return Part(checked, **{**found, **values})


def in_words(message: str, values: Mapping[str, object]) -> dict[str, str]:
    """Return ``message`` with its values in each language."""
    return {language: translate(message, language).format_map(values) for language in LANGUAGES}


def fault_words(fault: Fault) -> dict[str, str]:
    """Return what a coverage fault is, in each language."""
    return in_words(FAULTS[fault.kind], {"area": f"{fault.area_m2:,.1f}", "codes": ", ".join(fault.codes[:6])})


def as_json(report: ImportReport) -> dict[str, Any]:
    """Return the report as the value of ``report.json``."""
    return {
        "schema": SCHEMA,
        "id": report.id,
        "made_at": report.made_at.isoformat(),
        "profile": report.profile,
        "edition": report.edition,
        "state": report.state,
        "activated": report.activated,
        "error": None if report.error is None else {"code": report.error.code, **_messages(report.error)},
        "parts": [_part(part) for part in report.parts],
    }


def _part(part: Part) -> dict[str, Any]:
    table = part.checked.table
    return {
        "kind": part.kind,
        "file": table.path.name,
        "format": table.format,
        "layer": part.layer,
        "rows": {
            "read": len(table),
            "accepted": part.accepted,
            "mended": len({mending.row for mending in part.mended}),
            "refused": len(part.refused),
            "known": part.known,
            "later": part.later,
        },
        "notes": [_note(note) for note in part.notes],
        "mended": mended_summary(part.mended),
        "refused": [_refusal(refusal) for refusal in part.refused[:MOST_LISTED]],
        "refused_by_code": dict(Counter(refusal.error.code for refusal in part.refused).most_common()),
        "coverage": [_fault(fault) for fault in part.coverage[:MOST_LISTED]],
        "columns": {
            "cut": dict(part.checked.columns.cut),
            "unused": list(part.checked.columns.unused),
            "absent": list(part.checked.columns.absent),
        },
        "difference": None if part.difference is None else _difference(part.difference),
        "again": part.again,
    }


def mended_summary(mended: Iterable[Mending]) -> list[dict[str, Any]]:
    """Return what was mended by code, the most frequent first."""
    rows: dict[str, list[int]] = {}
    for mending in mended:
        rows.setdefault(mending.code, []).append(mending.row)
    ordered: Sequence[tuple[str, list[int]]] = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        {"code": code, "rows": len(found), "first_rows": found[:MOST_FIRST_ROWS], **in_words(MENDINGS[code], {})}
        for code, found in ordered
    ]


def _note(note: Note) -> dict[str, Any]:
    words: dict[str, Any] = {language: note.words(language) for language in LANGUAGES}
    return words | ({"warning": True} if note.warning else {})


def _refusal(refusal: Refusal) -> dict[str, Any]:
    lonlat = None if refusal.lonlat is None else list(refusal.lonlat)
    return {"row": refusal.row, "code": refusal.error.code, "lonlat": lonlat, **_messages(refusal.error)}


def _messages(error: GeogridError) -> dict[str, str]:
    return {language: error.message(language) for language in LANGUAGES}


def _fault(fault: Fault) -> dict[str, Any]:
    values = {"kind": fault.kind, "group": fault.group, "codes": list(fault.codes), "area_m2": fault.area_m2}
    return {**values, "lonlat": list(fault.lonlat), **fault_words(fault)}


def _difference(difference: Difference) -> dict[str, Any]:
    lists = {name: list(getattr(difference, name)) for name in ("added", "removed", "changed", "moved")}
    fields = {"fields": dict(difference.fields), "lost": list(difference.lost)}
    return {"against": difference.against, **lists, "unchanged": difference.unchanged, **fields}


def write_report(report: ImportReport, folder: Path) -> None:
    """Write ``report.json`` into ``folder``, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target, draft = folder / "report.json", folder / "report.json.part"
    draft.write_text(json.dumps(as_json(report), ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(target)
