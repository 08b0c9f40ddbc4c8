"""``geogrid recast``: any years of events under any edition, in the terminal or as a file."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

import click

from geogrid.domain.readings import Asked, CountLevel, Counts, Part, Period, Reading

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from etl.sources.table import Note

MOST_SHOWN = 60


@click.command("recast")
@click.option("--reading", type=click.Choice(Reading.codes()), help="recast where --edition is given, as-of where --as-of is.")
@click.option("--edition", help="The edition to recast to, also one only loaded; without: the one in force.")
@click.option("--as-of", "as_of", metavar="T", help="What the register said at T.")
@click.option("--from", "start", metavar="T", help="Reported at T or later.")
@click.option("--to", "end", metavar="T", help="Reported before T.")
@click.option("--by", type=click.Choice(CountLevel.codes()), default=CountLevel.GRID.value, show_default=True)
@click.option("--period", type=click.Choice(Period.codes()), help="Count for each of these, by the district's clocks.")
@click.option("--split", type=click.Choice(Part.codes()), multiple=True, help="Count for each of these; may be repeated.")
@click.option("--flow", is_flag=True, help="Show what moved from where to where; with --out in a second file NAME-flow.")
@click.option("--out", type=click.Path(path_type=Path), help="CSV, XLSX, GeoParquet or GeoJSON, by its ending.")
@click.option("--events", "events_file", type=click.Path(), help="Points in a file, recast to --grids without a database.")
@click.option("--grids", "grids_file", type=click.Path(), help="Areas with code.")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where a file does not say it.")
def recast(
    reading: str | None,
    edition: str | None,
    as_of: str | None,
    start: str | None,
    end: str | None,
    by: str,
    period: str | None,
    split: tuple[str, ...],
    flow: bool,
    out: Path | None,
    events_file: str | None,
    grids_file: str | None,
    datum: str | None,
) -> None:
    """Count events as recorded, as of an instant, or recast to an edition; the totals reconcile, or there is an error.

    Times are ISO 8601; without an offset they are times of the district, a date is its first instant. With --events and --grids
    the file's own column grid_code, where it has one, is what was recorded.
    """
    from geogrid.cli import command_language

    language = command_language(os.environ)
    if (events_file is None) != (grids_file is None):
        raise click.UsageError("--events and --grids go together")
    if events_file and grids_file:
        from etl.recast_files import recast_files

        def tell(note: Note) -> None:
            click.echo(note.words(language), err=True)

        counts = recast_files(events_file, grids_file, datum, tell, flow=flow)
        _give(counts, {}, None, out, language)
        return
    texts = {"as_of": as_of, "start": start, "end": end}
    parts = {"by": CountLevel(by), "edition": edition, "flow": flow, "parts": tuple(dict.fromkeys(map(Part, split)))}
    _in_register(reading, texts, {**parts, "period": Period(period) if period else None}, out, language)


def _in_register(
    reading: str | None, texts: dict[str, str | None], parts: dict[str, Any], out: Path | None, language: str
) -> None:
    from geogrid.actions.district import open_district
    from geogrid.actions.recast import count_events
    from geogrid.settings import read_settings
    from geogrid.store.session import make_engine, snapshot_scope
    from layers.counts import names_of_codes

    settings = read_settings(os.environ)
    engine = make_engine(settings)
    try:
        district = open_district(settings, engine)
        times = {name: _time(name, text, district.profile.timezone) for name, text in texts.items()}
        if times["start"] and times["end"] and times["start"] >= times["end"]:
            raise click.UsageError("--from must lie before --to")
        asked = Asked(reading=_reading(reading, parts["edition"], texts["as_of"]), **parts, **times)
        with snapshot_scope(engine) as session:
            counts = count_events(session, asked, now=settings.now(), district=district)
            _give(counts, names_of_codes(session, counts), session, out, language)
    finally:
        engine.dispose()


def _reading(stated: str | None, edition: str | None, as_of: str | None) -> Reading:
    meant = Reading.AS_OF if as_of else Reading.RECAST if edition else Reading.RECORDED
    reading = Reading(stated) if stated else meant
    for option, given, wanted in (("--edition", edition, Reading.RECAST), ("--as-of", as_of, Reading.AS_OF)):
        if given and reading is not wanted:
            raise click.UsageError(f"{option} belongs to --reading {wanted.value}")
    return reading


def _time(name: str, text: str | None, timezone: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        option = {"start": "--from", "end": "--to", "as_of": "--as-of"}[name]
        raise click.BadParameter(f"{option} {text}: ISO 8601, such as 2025-06-01 or 2025-06-01T08:00:00+08:00") from error
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))


# -- what it says -----------------------------------------------------------------------------------------------------


def _give(counts: Counts, names: dict[str, str], session: Session | None, out: Path | None, language: str) -> None:
    from layers.counts import count_rows, flow_rows, reconciliation

    rows, flow = count_rows(counts, names), flow_rows(counts, names, moved_only=out is None)
    if out is not None:
        _write(counts, rows, flow, session, out)
    else:
        _show(rows, language)
        _show(flow, language)
    _say_lost(counts, language)
    lines = reconciliation(counts, language)
    for line in lines if session is not None else lines[-1:]:  # a file does not tell why a row of it had no grid
        click.echo(line)


def _write(counts: Counts, rows: list[dict[str, Any]], flow: list[dict[str, Any]], session: Session | None, out: Path) -> None:
    import pandas as pd

    from etl.export import write

    frame = pd.DataFrame(rows)
    if session is not None and out.suffix.lower() not in {".csv", ".xlsx"}:
        from etl.recast_shapes import with_shapes

        frame = with_shapes(session, counts, frame)
    write(frame, out)
    if counts.asked.flow:
        write(pd.DataFrame(flow), out.with_name(f"{out.stem}-flow{out.suffix}"))


def _say_lost(counts: Counts, language: str) -> None:
    from geogrid.texts import translate
    from layers.counts import labelled

    template = translate("Cannot be recast: event {number}, placed by hand in {grid} of {edition}: {why} {heirs}", language)
    for lost in counts.not_recast[:MOST_SHOWN]:
        why = labelled(lost.reason, language)
        said = {"number": lost.number, "grid": lost.grid_code, "edition": lost.edition, "heirs": " ".join(lost.heirs)}
        click.echo(template.format(why=why, **said).rstrip())


def _show(rows: list[dict[str, Any]], language: str) -> None:
    from geogrid.texts import translate

    if not rows:
        return
    header = [translate(HEADERS.get(name, name), language) for name in rows[0]]
    body = [[_cell(name, value, row, language) for name, value in row.items()] for row in rows[:MOST_SHOWN]]
    numeric = [isinstance(value, int) for value in rows[0].values()]
    widths = [max(map(_width, column)) for column in zip(header, *body, strict=True)]
    for line in (header, *body):
        click.echo("  ".join(_padded(*cell) for cell in zip(line, widths, numeric, strict=True)).rstrip())
    if len(rows) > MOST_SHOWN:
        click.echo(translate("{more} more rows; --out writes them all.", language).format(more=f"{len(rows) - MOST_SHOWN:,}"))
    click.echo()


HEADERS = {
    "code": "Code",
    "name": "Name",
    "period": "From day",
    "channel": "Channel",
    "kind": "Kind",
    "state": "Stage",
    "recorded": "As recorded",
    "counted": "In this reading",
    "difference": "Difference",
    "old_code": "Old place",
    "old_name": "Name",
    "old_bucket": "or why none",
    "new_code": "New place",
    "new_name": "Name",
    "new_bucket": "or why none",
    "events": "Events",
}


def _cell(name: str, value: Any, row: dict[str, Any], language: str) -> str:
    from geogrid.texts import translate
    from layers.counts import labelled, part_words

    if name == "code" and value is None:
        return translate("(no place)", language)
    if name in Part.codes():
        return part_words(Part(name), value, language)
    if name.endswith("_bucket"):
        return "" if value is None else labelled(value, language)
    if isinstance(value, int):
        return f"{value:+,}" if name == "difference" and value else f"{value:,}"
    return value or ""


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
