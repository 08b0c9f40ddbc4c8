"""A counted reading as tables: rows with names, the lines that show that its totals reconcile, what moved."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, desc, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from geogrid.domain.events import Channel, EventKind, EventState
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.readings import CountLevel, Counts, Part, Reading
from geogrid.store.tables.geography import base_grids, department_grids, stations, units
from geogrid.texts import translate

TABLES: dict[CountLevel, Table] = {
    CountLevel.GRID: base_grids,
    CountLevel.VILLAGE: units,
    CountLevel.TOWNSHIP: units,
    CountLevel.DISTRICT: units,
    CountLevel.DEPARTMENT: department_grids,
    CountLevel.STATION: stations,
}
LABELS: dict[Part, type[LabelledEnum]] = {Part.CHANNEL: Channel, Part.KIND: EventKind, Part.STATE: EventState}
SET = ";"  # joins the department grids that one event lies in


def names_of_codes(session: Session, counts: Counts) -> dict[str, str]:
    """Return what the codes of a reading are called, in the edition recast to or else where the code was last used.

    Rides the indexes behind the exclusion constraints on (code, valid).
    """
    table = TABLES[counts.asked.by]
    seen = {row.code for row in counts.counts} | {code for row in counts.moved for code in (row.old_code, row.new_code)}
    codes = {part for code in seen if code for part in code.split(SET)}
    if counts.asked.by is CountLevel.DISTRICT:  # counted by the six digits of the county, which its unit's code begins with
        rows = session.execute(select(func.left(table.c.code, 6), table.c.name).where(table.c.level == "district"))
        return {code: name for code, name in rows if code in codes}
    newest = (table.c.code, desc(func.coalesce(func.upper_inf(table.c.valid), False)), desc(table.c.id))
    query = select(table.c.code, table.c.name).ext(distinct_on(table.c.code)).where(table.c.code == func.any(list(codes)))
    return {row.code: row.name for row in session.execute(query.order_by(*newest)) if row.name}


def count_rows(counts: Counts, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return a row for each place, period and part: codes, name, recorded, counted, difference.

    By department grid, a row for each grid: an event that lies in several counts in each of them.
    """
    sums: dict[tuple[Any, ...], list[int]] = {}
    for row in counts.counts:
        for code in row.code.split(SET) if row.code else [None]:
            both = sums.setdefault((code, row.period, row.parts), [0, 0])
            both[0] += row.recorded
            both[1] += row.counted
    return [
        {
            "code": code,
            "name": names.get(code or "", ""),
            **({} if period is None else {"period": period}),
            **{part.value: value or None for part, value in zip(counts.asked.parts, parts, strict=True)},
            "recorded": recorded,
            "counted": counted,
            "difference": counted - recorded,
        }
        for (code, period, parts), (recorded, counted) in sums.items()
    ]


def flow_rows(counts: Counts, names: dict[str, str], *, moved_only: bool) -> list[dict[str, Any]]:
    """Return what went from where to where, the most first; where a side has no place, its bucket says why."""
    rows = [
        {
            "old_code": row.old_code,
            "old_name": _named(row.old_code, names),
            "old_bucket": row.old_bucket,
            "new_code": row.new_code,
            "new_name": _named(row.new_code, names),
            "new_bucket": row.new_bucket,
            "events": row.events,
        }
        for row in counts.moved
        if not moved_only or (row.old_code, row.old_bucket) != (row.new_code, row.new_bucket)
    ]
    return sorted(rows, key=lambda row: (-int(row["events"]), row["old_code"] or "~", row["new_code"] or "~"))


def _named(code: str | None, names: dict[str, str]) -> str:
    return SET.join(names.get(part, part) for part in code.split(SET)) if code else ""


def reconciliation(counts: Counts, language: str) -> list[str]:
    """Return a line for each reading: its buckets, their sum, and the number of all events that it equals."""
    asked = counts.asked
    sides = [(Reading.RECORDED, 0)] if asked.reading is Reading.RECORDED else [(Reading.RECORDED, 0), (asked.reading, 1)]
    return [_line(counts, reading, side, language) for reading, side in sides]


def _line(counts: Counts, reading: Reading, side: int, language: str) -> str:
    parts = [(bucket, numbers[side]) for bucket, numbers in counts.buckets.items() if numbers[side]]
    said = " + ".join(f"{labelled(bucket, language)} {number:,}" for bucket, number in parts) or "0"
    words = {"reading": reading_words(counts, reading, language), "parts": said}
    numbers = {"sum": f"{sum(number for _, number in parts):,}", "total": f"{counts.total:,}"}
    return translate("{reading}: {parts} = {sum}, of {total} events", language).format(**words, **numbers)


def reading_words(counts: Counts, reading: Reading, language: str) -> str:
    """Return what a reading is called, with the edition it is recast to."""
    said = labelled(reading, language)
    return f"{said} {counts.edition}" if reading is Reading.RECAST and counts.edition else said


def labelled(member: LabelledEnum, language: str) -> str:
    """Return the label of an enum's member in ``language``."""
    return translate(member.label, language, type(member).__name__)


def part_words(part: Part, code: str | None, language: str) -> str:
    """Return what a channel, kind or state is called; nothing for an event that had none then."""
    return "" if not code else labelled(LABELS[part](code), language)
