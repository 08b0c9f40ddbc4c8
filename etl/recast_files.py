"""Recast files: events and grids without a register; what was recorded is the events' own column, where there is one."""

from __future__ import annotations

from collections import Counter

from etl.circles import read_rows
from etl.event_points import Tell, read_events, tell_of_lost
from etl.kinds import AREA
from etl.sources.table import is_empty
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.readings import Asked, Bucket, Count, Counts, Moved, Reading
from geogrid.space.frames import assign

RECORDED = "grid_code"


def recast_files(events_file: str, grids_file: str, datum: str | None, tell: Tell, *, flow: bool = False) -> Counts:
    """Assign the points of one file to the grids of another and count; every row of the file counts once.

    A row without a place cannot be recast: it counts as unlocated, and ``tell`` is told. Raises the errors of files and of
    frames; a row whose place cannot be used is one of them, named.
    """
    grids = read_rows(grids_file, ("code",), datum, AREA)
    read = read_events(events_file, datum, tell)
    tell_of_lost(read, tell)
    events = read.frame(RECORDED)
    found = assign(events, grids, None)
    rules = found["rule"].to_numpy(object)
    old, new = ([None if is_empty(code) else str(code) for code in codes] for codes in (_recorded(events), found["grid_code"]))
    asked = Asked(Reading.RECAST, edition=grids_file, flow=flow)
    pairs = Counter(zip(old, new, rules, strict=True))
    codes = [*sorted({code for pair in pairs for code in pair[:2] if code}), None]
    sides = [Counter(dict.fromkeys(codes, 0)), Counter(dict.fromkeys(codes, 0))]
    for (before, after, _), number in pairs.items():
        sides[0][before] += number
        sides[1][after] += number
    return Counts(
        asked=asked,
        edition=grids_file,
        total=len(events),
        last_step=0,
        buckets=_buckets(pairs),
        counts=tuple(Count(code, None, (), sides[0][code], sides[1][code]) for code in codes if sides[0][code] or sides[1][code]),
        moved=tuple(_moved(pairs)) if flow else (),
        not_recast=(),
    )


def _recorded(events: object) -> object:
    return events[RECORDED] if RECORDED in events else [None] * len(events)  # type: ignore[operator,index,arg-type]


def _buckets(pairs: Counter[tuple[str | None, str | None, str]]) -> dict[Bucket, tuple[int, int]]:
    """Return both sides' buckets: of what was recorded, a file tells only whether there was a grid."""
    found = {bucket: [0, 0] for bucket in Bucket}
    for (before, _, rule), number in pairs.items():
        found[Bucket.INSIDE if before else Bucket.UNLOCATED][0] += number
        found[Bucket(AssignmentRule(rule).value)][1] += number
    return {bucket: (numbers[0], numbers[1]) for bucket, numbers in found.items()}


def _moved(pairs: Counter[tuple[str | None, str | None, str]]) -> list[Moved]:
    sums: Counter[tuple[str | None, str | None, Bucket | None]] = Counter()
    for (before, after, rule), number in pairs.items():
        sums[before, after, None if after else Bucket(rule)] += number
    rows = [Moved(old, new, None if old else Bucket.UNLOCATED, why, number) for (old, new, why), number in sums.items()]
    return sorted(rows, key=lambda row: (row.old_code or "~", row.new_code or "~"))
