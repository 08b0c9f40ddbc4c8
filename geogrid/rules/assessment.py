"""The assessment sheet from its file, and what it makes of outcomes: lines, differences to lines written before, scores.

What a rule may count is a closed list of outcomes (:class:`~geogrid.domain.assessment.Outcome`); that something was reported is
none of them, so that no file can pay for reports.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from geogrid.domain.assessment import Entry, Happening, Key, LineKind, Outcome, ScoringRule, Sheet, Subject
from geogrid.domain.events import EventKind
from geogrid.domain.people import STAFF
from geogrid.errors import SheetInvalid
from geogrid.rules.reading import BROKEN, Reader
from geogrid.rules.toml_lines import Path, line_of, lines_of

GOOD = frozenset({Outcome.CLOSED_IN_TIME, Outcome.RATED_WELL, Outcome.SETTLED, Outcome.WHISTLE_ANSWERED})
CLOCKED = frozenset({Outcome.CLOSED_IN_TIME, Outcome.CLOSED_LATE})
MOST_POINTS = 100.0


@dataclass(frozen=True)
class SheetFault:
    """What is wrong with the file of a sheet: the line, the path of the value from the top, the reason."""

    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.line}: {self.path}: {self.reason}"


# -- the file ---------------------------------------------------------------------------------------------------------


def parse_sheet(text: str, name: str = "assessment") -> Sheet:
    """Parse the TOML ``text`` of a sheet; raises SheetInvalid with every fault, each with its line."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise _invalid(name, [SheetFault(int(found.group(1)) if found else 1, name, str(error))]) from error
    reader = Reader()
    built = reader.build(Sheet, values, ())
    faults = [*reader.faults, *(() if built is BROKEN else _unsound(built))]
    if faults:
        lines = lines_of(text)
        told = {SheetFault(line_of(lines, path), _shown(path), reason) for path, reason in faults}
        raise _invalid(name, sorted(told, key=lambda fault: (fault.line, fault.path, fault.reason)))
    sheet: Sheet = built
    return sheet


def _invalid(name: str, faults: Sequence[SheetFault]) -> SheetInvalid:
    listed = "; ".join(str(fault) for fault in faults)
    return SheetInvalid(name=name, faults=listed, where={"path": name, "line": faults[0].line})


def _shown(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "file"


def _unsound(sheet: Sheet) -> Iterator[tuple[Path, str]]:
    """Give what the parts of a sheet say that cannot be meant."""
    if not 0 <= sheet.base <= 1000:
        yield ("base",), f"{sheet.base} is not from 0 to 1000"
    if sheet.smallest < 1:
        yield ("smallest",), "somebody is ranked with one outcome at least"
    if sheet.appeal_days < 1:
        yield ("appeal_days",), "an appeal needs a day at least"
    known = {role.value for role in STAFF}
    if not sheet.deciders or not set(sheet.deciders) <= known:
        yield ("deciders",), f"roles that decide belong here; known: {', '.join(sorted(known))}"
    codes = [rule.code for rule in sheet.rules]
    for i, rule in enumerate(sheet.rules):
        if rule.code in codes[:i]:
            yield ("rules", i, "code"), f"{rule.code} is there already"
        yield from _unsound_rule(rule, ("rules", i))


def _unsound_rule(rule: ScoringRule, path: Path) -> Iterator[tuple[Path, str]]:
    if not 0 < abs(rule.points) <= MOST_POINTS:
        yield (*path, "points"), f"{rule.points} is not from 0 to {MOST_POINTS:g}, either sign"
    elif (rule.points > 0) != (rule.outcome in GOOD):
        yield (
            (*path, "points"),
            f"{rule.outcome.value} is {'good' if rule.outcome in GOOD else 'bad'}: its points have the other sign",
        )
    if rule.most < abs(rule.points):
        yield (*path, "most"), f"{rule.most} is less than one outcome scores"
    if not rule.subjects:
        yield (*path, "subjects"), "nobody is assessed by it"
    if (rule.outcome in CLOCKED) != bool(rule.clocks):
        yield (*path, "clocks"), "outcomes in time and late name the clocks they mean, others none"
    for kind in rule.kinds:
        if kind not in EventKind.codes():
            yield (*path, "kinds"), f"{kind} is none of {', '.join(EventKind.codes())}"


# -- months -----------------------------------------------------------------------------------------------------------


def month_bounds(month: str, timezone: str) -> tuple[datetime, datetime]:
    """Return the first instant of a month written ``2026-11`` and of the one after, aware; raises ValueError."""
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise ValueError(f"{month!r} is no month such as 2026-11")
    year, number = int(month[:4]), int(month[5:])
    first, after = date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)
    zone = ZoneInfo(timezone)
    return datetime.combine(first, time(), zone), datetime.combine(after, time(), zone)


def month_of(at: datetime, timezone: str) -> str:
    """Return the month, ``2026-11``, in which an instant lies in a time zone."""
    return at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m")


def months_until(first: str, last: str, most: int) -> list[str]:
    """Return the months from one to another, both included and the latest first, ``most`` of them.

    >>> months_until("2025-11", "2026-01", 60)
    ['2026-01', '2025-12', '2025-11']
    """
    begin, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in range(end, max(begin, end - most + 1) - 1, -1)]


def may_appeal_until(written_at: datetime, sheet: Sheet) -> datetime:
    """Return until when a line written then may be appealed against."""
    return written_at + timedelta(days=sheet.appeal_days)


# -- from outcomes to lines -------------------------------------------------------------------------------------------


def entries(sheet: Sheet, happened: Iterable[Happening]) -> Iterator[Entry]:
    """Give the lines that outcomes earn: one a rule, subject and outcome."""
    for one in happened:
        for rule in sheet.rules:
            for subject_kind in rule.subjects:
                if (subject := _subject(one, subject_kind)) and _meant(rule, one, subject_kind):
                    key = Key(subject_kind, subject, rule.code, one.event_id, one.seq)
                    yield Entry(key, rule.points, one.township)


def _meant(rule: ScoringRule, one: Happening, subject: Subject) -> bool:
    """Whether a rule means an outcome: a worker answers for the last run of a clock, his own, a street or department for all."""
    if (rule.kinds and one.kind not in rule.kinds) or (rule.handling and one.handling not in rule.handling):
        return False
    if rule.outcome not in CLOCKED:
        return one.outcome is rule.outcome
    if one.outcome not in CLOCKED:
        return False
    late_clocks = one.own_late_clocks if subject is Subject.WORKER else one.late_clocks
    late = bool(set(late_clocks) & set(rule.clocks))
    return late == (rule.outcome is Outcome.CLOSED_LATE)


def _subject(one: Happening, kind: Subject) -> str:
    return {Subject.TOWNSHIP: one.township, Subject.DEPARTMENT: one.department, Subject.WORKER: one.worker}[kind]


def differences(wanted: Iterable[Entry], written: Mapping[Key, tuple[float, str]], decided: Collection[Key] = ()) -> list[Entry]:
    """Return the lines to be added so that the ledger says what the record says; nothing that was written is changed.

    Parameters
    ----------
    written : (points, unit) of all lines by the rules and corrections so far, added up by what they are about; appeals are not
        among them, so that counting again never undoes a decision
    decided : what granted appeals were about. It stands as decided whatever becomes of the record: a correction beside the appeal
        would give back twice what was taken once
    """
    due = {entry.key: entry for entry in wanted if entry.key not in decided}
    added = [
        Entry(key, entry.points - written[key][0], entry.unit, LineKind.CORRECTION) if key in written else entry
        for key, entry in due.items()
        if key not in written or entry.points != written[key][0]
    ]
    gone = [
        Entry(key, -points, unit, LineKind.CORRECTION)
        for key, (points, unit) in written.items()
        if key not in due and key not in decided and points
    ]
    return added + gone


# -- scores -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """What a subject has in a month: the points, by rule (bounded, as written), from how many outcomes, and its rank."""

    subject: str
    points: float
    by_rule: Mapping[str, tuple[float, float]]
    outcomes: int
    is_small: bool
    rank: int | None = None


def scores(sheet: Sheet, sums: Iterable[tuple[str, str, float, int]], known: Iterable[str] = ()) -> list[Score]:
    """Return the scores of subjects, the best first, those with too few outcomes behind and without a rank.

    Parameters
    ----------
    sums : (subject, rule, points as written, how many outcomes) of a month, corrections and granted appeals included
    known : subjects that have a score though nothing happened
    """
    by_subject: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
    for subject in known:
        by_subject[subject] = {}
    for subject, rule, points, outcomes in sums:
        by_subject[subject][rule] = (points, outcomes)
    found = [_score(sheet, subject, rules) for subject, rules in by_subject.items()]
    found.sort(key=lambda score: (score.is_small, -score.points, score.subject))
    return [_ranked(score, found) for score in found]


def _score(sheet: Sheet, subject: str, rules: Mapping[str, tuple[float, int]]) -> Score:
    by_rule = {code: (_bounded(sheet.rule(code), points), points) for code, (points, _) in rules.items()}
    outcomes = sum(count for _, count in rules.values())
    total = round(sheet.base + sum(bounded for bounded, _ in by_rule.values()), 6)
    return Score(subject, total, by_rule, outcomes, outcomes < sheet.smallest)


def _bounded(rule: ScoringRule | None, points: float) -> float:
    return points if rule is None else max(-rule.most, min(rule.most, points))


def _ranked(score: Score, everybody: Sequence[Score]) -> Score:
    """Equal points have equal ranks, and the next rank is left out."""
    if score.is_small:
        return score
    rank = 1 + sum(1 for other in everybody if not other.is_small and other.points > score.points)
    values: dict[str, Any] = {**score.__dict__, "rank": rank}
    return Score(**values)
