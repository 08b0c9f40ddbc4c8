"""``geogrid hotspots``: where events gather, by name and rank, from the database or from files."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from etl.circles_command import Number
from geogrid.domain.events import EventKind
from geogrid.domain.hotspots import Against, Period

if TYPE_CHECKING:
    from etl.sources.table import Note
    from geogrid.space.hotspot_report import Ground, Report

USUAL_DAYS = 30
RATE_BASES = ("households",)
FILE = click.Path()


@click.command("hotspots")
@click.option("--from", "start", metavar="T", help="Reported at T or later; without: 30 days before --to.")
@click.option("--to", "end", metavar="T", help="Reported before T; without: now.")
@click.option("--against", metavar="P", help="Compare with: previous, last-year (the same weeks), or FROM/TO.")
@click.option("--kind", "kinds", type=click.Choice(EventKind.codes()), multiple=True, help="Only such events; may be repeated.")
@click.option("--fdr", "alpha", type=Number(0.001, 0.5), default=0.05, show_default=True, help="False alarms at most.")
@click.option("--dependent", is_flag=True, help="Adjust changes for places that hang together in any way (Benjamini-Yekutieli).")
@click.option(
    "--rate-per", type=click.Choice(RATE_BASES), help="Rates of every grid too; with --out in a second file NAME-rates."
)
@click.option("--edition", help="Grids of this edition, also one only loaded; without: the one in force.")
@click.option("--events", "events_file", type=FILE, help="Points in a file, without a database.")
@click.option("--grids", "grids_file", type=FILE, help="Areas with code; name and households where there are such.")
@click.option("--places", "places_file", type=FILE, help="Named places, to call hotspots by: name, kind.")
@click.option("--units", "units_file", type=FILE, help="Areas with code, name: their names are cut off addresses.")
@click.option("--datum", help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n; needed where a file does not say it.")
@click.option("--out", type=click.Path(path_type=Path), help="GeoJSON, GeoPackage, GeoParquet, CSV or XLSX, by its ending.")
def hotspots(
    start: str | None,
    end: str | None,
    against: str | None,
    kinds: tuple[str, ...],
    alpha: float,
    dependent: bool,
    rate_per: str | None,
    edition: str | None,
    events_file: str | None,
    grids_file: str | None,
    places_file: str | None,
    units_file: str | None,
    datum: str | None,
    out: Path | None,
) -> None:
    """List where far more happens than usual, each place by its name, and how it changed against another period.

    A district without hotspots shows any in at most the share --fdr of all periods. Times are ISO 8601; without an offset they
    are times of the district (UTC in files), a date is its first instant.
    """
    if (events_file is None) != (grids_file is None):
        raise click.UsageError("--events and --grids go together")
    options = {"kinds": kinds, "alpha": alpha, "dependent": dependent}
    if events_file and grids_file:
        from etl.hotspots_files import Files, hotspots_in_files

        period = _period(start, end, None, "UTC")
        compared = None if period is None else _compared(against, period, "UTC")
        if against and period is None:
            raise click.UsageError("--against needs --from or --to")
        files = Files(events_file, grids_file, places_file, units_file)
        report, ground = hotspots_in_files(files, datum, period, compared, _tell, **options)  # type: ignore[arg-type]
        _give(report, ground, period, compared, alpha, out, rate_per)
    else:
        _in_register(start, end, against, edition, options, out, rate_per)


def _tell(note: Note) -> None:
    from geogrid.cli import command_language

    click.echo(note.words(command_language(os.environ)), err=True)


def _in_register(
    start: str | None,
    end: str | None,
    against: str | None,
    edition: str | None,
    options: dict,
    out: Path | None,
    rate: str | None,
) -> None:
    from geogrid.actions.district import open_district
    from geogrid.actions.hotspots import hotspots_between
    from geogrid.settings import read_settings
    from geogrid.store import editions
    from geogrid.store.session import make_engine, session_scope

    settings = read_settings(os.environ)
    engine = make_engine(settings)
    try:
        district = open_district(settings, engine)
        zone = district.profile.timezone
        period = _period(start, end, settings.now(), zone)
        assert period is not None  # there is a now
        compared = _compared(against, period, zone)
        with session_scope(engine) as session:
            asked = editions.named(session, edition) if edition else None
            report, ground = hotspots_between(session, period, district=district, compared=compared, edition=asked, **options)
    finally:
        engine.dispose()
    _give(report, ground, period, compared, options["alpha"], out, rate)


def _period(start: str | None, end: str | None, now: datetime | None, zone: str) -> Period | None:
    """Return the period stated, the last 30 days where none is; None in files that are to be read whole."""
    if start is None and end is None and now is None:
        return None
    until = _time("--to", end, zone) if end else now
    since = _time("--from", start, zone) if start else None
    if until is None:
        raise click.UsageError("--from needs --to where there is no database")
    since = since or until - timedelta(days=USUAL_DAYS)
    if since >= until:
        raise click.UsageError("--from must lie before --to")
    return Period(since, until)


def _compared(against: str | None, period: Period, zone: str) -> Period | None:
    if against is None:
        return None
    if against in Against.codes():
        return period.compared(Against(against))
    parts = against.split("/")
    if len(parts) != 2:
        raise click.BadParameter(f"--against {against}: {', '.join(Against.codes())} or FROM/TO, such as 2025-05-01/2025-06-01")
    stated = Period(*(_time("--against", part, zone) for part in parts))
    if stated.start >= stated.end:
        raise click.BadParameter(f"--against {against}: FROM must lie before TO")
    return stated


def _time(option: str, text: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{option} {text}: ISO 8601, such as 2025-06-01 or 2025-06-01T08:00:00+08:00") from error
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _give(
    report: Report,
    ground: Ground,
    period: Period | None,
    compared: Period | None,
    alpha: float,
    out: Path | None,
    rate_per: str | None,
) -> None:
    from etl.hotspots_out import lines, rates_frame, spots_frame
    from geogrid.cli import command_language

    language = command_language(os.environ)
    if out is not None:
        from etl.export import write

        write(spots_frame(report, ground, language), out)
        if rate_per:
            write(rates_frame(report, ground), out.with_name(f"{out.stem}-rates{out.suffix}"))
    for line in lines(report, period, compared, alpha, language, with_rates=rate_per is not None):
        click.echo(line)
