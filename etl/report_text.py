"""An import's report in the terminal, in the reader's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from etl.report import STATES, ImportReport, as_json
from geogrid.domain.grids import GeographyKind
from geogrid.texts import translate

MOST_SHOWN = 12
COUNTS = {
    "read": "rows read",
    "accepted": "accepted",
    "mended": "mended",
    "refused": "refused",
    "known": "known already",
    "later": "later than the clock",
}


def show(report: ImportReport, folder: Path, language: str) -> None:
    """Print the report; Chinese or English, colours only on a terminal."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for line, style in lines(report, folder, language):
        console.print(line, style=style, markup=False)


def lines(report: ImportReport, folder: Path, language: str) -> list[tuple[str, str | None]]:
    """Return what is shown, line by line with its style."""

    def say(message: str, **values: Any) -> str:
        return translate(message, language).format_map(values)

    shown = as_json(report)
    out: list[tuple[str, str | None]] = []
    for part in shown["parts"]:
        out += _part(part, language)
    state = translate(STATES[report.state], language)
    if report.state == "loaded" and report.edition:
        state = say("Loaded into edition {name}", name=report.edition)
        after = "It is in force" if report.activated else "To put it in force: geogrid edition activate {name}"
        state += "; " + say(after, name=report.edition)
    out.append((state, "bold green" if report.state == "loaded" else "bold"))
    out.append((say("Report: {folder}", folder=folder), None))
    return out


def _part(part: dict[str, Any], language: str) -> list[tuple[str, str | None]]:
    def say(message: str, **values: Any) -> str:
        return translate(message, language).format_map(values)

    is_geography = part["kind"] in GeographyKind.codes()
    label = GeographyKind(part["kind"]).label if is_geography else part["kind"].capitalize()
    name = translate(label, language, "GeographyKind" if is_geography else None)
    out: list[tuple[str, str | None]] = [(f"{name}  {part['file']}", "bold")]
    counts = [
        f"{say(words)} {part['rows'][key]}" for key, words in COUNTS.items() if part["rows"][key] or key in {"read", "accepted"}
    ]
    out.append(("  " + " · ".join(counts), None))
    out += [(f"  {note[language]}", "bold red" if note.get("warning") else None) for note in part["notes"]]
    out += [(f"  {mending[language]}: {mending['rows']}", None) for mending in part["mended"]]
    out += [(f"  {code}: {rows}", "red") for code, rows in part["refused_by_code"].items()]
    for refusal in part["refused"][:MOST_SHOWN]:
        out.append((f"    {say('row {row}', row=refusal['row'])}{_place(refusal['lonlat'])}: {refusal[language]}", "red"))
    out += _more(part["rows"]["refused"], language)
    for fault in part["coverage"][:MOST_SHOWN]:
        out.append((f"  {fault[language]}{_place(fault['lonlat'])}", "yellow"))
    out += _more(len(part["coverage"]), language)
    if part["difference"]:
        out += _difference(part["difference"], language)
    if part["again"] and part["refused_by_code"]:
        out.append((say("  Mend the refused rows and load them again: {command}", command=part["again"]), None))
    return out


def _difference(difference: dict[str, Any], language: str) -> list[tuple[str, str | None]]:
    counts = {name: len(difference[name]) for name in ("added", "removed", "changed", "moved")}
    message = "  Against edition {against}: {added} added, {removed} removed, {changed} changed, {unchanged} unchanged"
    values = {**counts, "against": difference["against"], "unchanged": difference["unchanged"]}
    out: list[tuple[str, str | None]] = [(translate(message, language).format_map(values), None)]
    if counts["moved"]:
        moved = translate("  {moved} share no area with their old selves: {codes}", language)
        out.append((moved.format(moved=counts["moved"], codes=", ".join(difference["moved"][:MOST_SHOWN])), "bold red"))
    return out


def _more(count: int, language: str) -> list[tuple[str, str | None]]:
    if count <= MOST_SHOWN:
        return []
    return [(translate("    and {count} more in the report", language).format(count=count - MOST_SHOWN), None)]


def _place(lonlat: list[float] | None) -> str:
    return "" if lonlat is None else f" ({lonlat[0]:.6f}, {lonlat[1]:.6f})"
