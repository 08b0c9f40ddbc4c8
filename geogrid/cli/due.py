"""``geogrid due``: when a clock of a programme is due, in which light it stands, and which days it counted."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import language
from geogrid.texts import translate

if TYPE_CHECKING:
    from geogrid.cli.due_request import Request
    from geogrid.domain.programmes import Programme
    from geogrid.rules.deadlines import Reading
    from geogrid.rules.work_time import WorkTime

WHEN = "handling=, category=, level=, complexity=, channel=, amount_yuan="


@click.command("due")
@click.argument("programme")
@click.argument("clock")
@click.option("--start", required=True, help="When it started: ISO 8601 with its offset, as 2025-09-29T10:00+08:00.")
@click.option("--pause", "pauses", multiple=True, help="FROM/TO: it stood still; FROM/ stands still yet. May be repeated.")
@click.option(
    "--extend",
    "extensions",
    multiple=True,
    help="By how much it was extended, as 3wd (3 means the clock's unit). May be repeated.",
)
@click.option("--when", "facts", multiple=True, help=f"What is known of the matter: {WHEN}. May be repeated.")
@click.option("--now", help="Read it as of this time; without: now, or after the last pause.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def due(
    programme: str,
    clock: str,
    start: str,
    pauses: tuple[str, ...],
    extensions: tuple[str, ...],
    facts: tuple[str, ...],
    now: str | None,
    as_json: bool,
) -> None:
    """Say when CLOCK of PROGRAMME (a code or a file) is due, promised and by law.

    Shown are the thresholds, phase and light for each audience, and every day it counted or left out, and why.
    """
    from geogrid.cli.due_request import request_of
    from geogrid.cli.programme_files import programme_of, time_of
    from geogrid.rules.deadlines import read_clock
    from geogrid.settings import read_settings

    rules = programme_of(programme)
    asked = request_of(rules, clock, start, pauses, extensions, facts)
    at = asked.reading_time(now, otherwise=read_settings(os.environ).now())
    time = time_of(rules)
    reading = read_clock(asked.rule, asked.limit, asked.marks, now=at, time=time)
    told = as_told(rules, asked, reading, at, time)
    click.echo(json.dumps(told, ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(told)))


def as_told(programme: Programme, asked: Request, reading: Reading, at: datetime, time: WorkTime) -> dict[str, Any]:
    """Return everything there is to say of a reading, times as ISO 8601 in the programme's zone, words in the user's language."""
    from geogrid.domain.clocks import Audience, Phase
    from geogrid.domain.matters import MarkKind
    from geogrid.rules.days import days_of
    from geogrid.rules.deadlines import light_of

    def local(instant: datetime | None) -> str | None:
        return instant and instant.astimezone(time.timezone).isoformat(timespec="auto")

    tongue = language()
    rule, limit = asked.rule, asked.limit
    titles = {threshold.code: threshold.title.text(tongue) for threshold in rule.thresholds}
    titles |= {phase.value: translate(phase.label, tongue, "Phase") for phase in Phase}
    lights = {audience: light_of(rule, audience, reading) for audience in Audience}
    late = [mark for mark in asked.marks if mark.kind is MarkKind.PAUSE and mark.at >= reading.due_at and not reading.paused]
    return {
        "programme": f"{programme.code} {programme.version}: {programme.title.text(tongue)}",
        "clock": f"{rule.code}: {rule.title.text(tongue)}, {translate(rule.calendar.label, tongue, 'ClockCalendar')}",
        "promised": asked.promised,
        "legal": str(limit.legal) if limit.legal else None,
        "started_at": local(reading.started_at),
        "due_at": local(reading.due_at),
        "legal_due_at": local(reading.legal_due_at),
        "provisional": reading.provisional,
        "thresholds": [{"code": code, "title": titles[code], "at": local(instant)} for code, instant in reading.thresholds],
        "now": local(at),
        "phase": str(reading.phase),
        "phase_title": titles[str(reading.phase)],
        "lights": {audience.value: light.value for audience, light in lights.items()},
        "lights_told": [
            f"{translate(audience.label, tongue, 'Audience')}: {light.value}, {translate(light.label, tongue, 'Light')}"
            for audience, light in lights.items()
        ],
        "too_late": [local(mark.at) for mark in late],
        "days": [
            {"date": day.date.isoformat(), "number": day.number, "kind": day.kind.value, "provisional": day.provisional,
             "told": translate(day.kind.label, tongue, "DayKind")}
            for day in days_of(reading, limit.promised.unit, time)
        ],
    }  # fmt: skip


def _lines(told: dict[str, Any]) -> list[str]:
    """Return the answer in words, one thing a line."""

    def say(message: str, **values: Any) -> str:
        return translate(message, language()).format(**values)

    lines = [told["programme"], told["clock"], say("Started: {at}", at=told["started_at"])]
    lines.append(say("Due as promised ({limit}): {at}", limit=told["promised"], at=told["due_at"]))
    if told["legal"]:
        lines.append(say("Due by law ({limit}): {at}", limit=told["legal"], at=told["legal_due_at"]))
    if told["provisional"]:
        lines.append(say("Provisional: the holidays of a year that it counts in are not published yet."))
    lines += [f"{threshold['title']}: {threshold['at']}" for threshold in told["thresholds"]]
    lines.append(
        say("As of {at}: {phase}; {lights}", at=told["now"], phase=told["phase_title"], lights="; ".join(told["lights_told"]))
    )
    lines += [say("The pause from {at} came when it had run out: it changes nothing.", at=at) for at in told["too_late"]]
    if told["days"]:
        lines.append(say("Days (the day of the start is not counted by limits in days):"))
    for day in told["days"]:
        number = day["number"] or "-"
        mark = say(" (provisional)") if day["provisional"] else ""
        lines.append(f"{number:>4}  {day['date']}  {_weekday(day['date'])}  {day['told']}{mark}")
    return lines


def _weekday(date: str) -> str:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return translate(names[datetime.fromisoformat(date).weekday()], language())
