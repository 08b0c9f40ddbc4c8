"""The assessment sheet: what no file may say, what outcomes earn, and a ledger that ends where the record is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.assessment import Entry, Happening, Key, LineKind, Outcome, Subject
from geogrid.errors import SheetInvalid
from geogrid.rules.assessment import differences, entries, month_bounds, month_of, parse_sheet, scores
from geogrid.settings import ROOT

TEXT = (ROOT / "data" / "assessment.toml").read_text(encoding="utf-8")
AT = datetime(2026, 11, 5, 8, tzinfo=UTC)
EVENT = UUID(int=1)


def happening(outcome=Outcome.CLOSED_IN_TIME, **values) -> Happening:
    told = {"event_id": EVENT, "seq": 7, "at": AT, "kind": "environment", "handling": "immediate", "township": "999901001000",
            "department": "urban", "worker": "person:w", "late_clocks": ()}  # fmt: skip
    return Happening(outcome, **{**told, **values})


def test_the_shipped_sheet_loads():
    sheet = parse_sheet(TEXT)
    assert sheet.base == 100 and {rule.outcome for rule in sheet.rules} == set(Outcome)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('outcome = "settled"', 'outcome = "reported"', 'outcome = "reported"', "none of"),
        ('outcome = "closed_in_time"', 'outcome = "reports"', 'outcome = "reports"', "none of"),
        ("points = 0.5", "points = -0.5", "points = -0.5", "other sign"),
        ("points = -2.0\nmost = 30.0", "points = 2.0\nmost = 30.0", "points = 2.0", "other sign"),
        ("points = 0.5", "points = 0", "points = 0", "either sign"),
        ("most = 20.0", "most = 0.1", "most = 0.1", "less than"),
        ('clocks = ["handle", "answer", "close"]\n', "", "[[rules]]", "clocks"),
        ('kinds = ["dispute"]', 'kinds = ["quarrel"]', 'kinds = ["quarrel"]', "none of"),
        ('deciders = ["commander"]', 'deciders = ["citizen"]', 'deciders = ["citizen"]', "roles"),
        ("smallest = 10", "smallest = 0", "smallest = 0", "one outcome"),
        ('subjects = ["department"]', "subjects = []", "subjects = []", "nobody"),
        ('subjects = ["department"]', 'subjects = ["resident"]', 'subjects = ["resident"]', "none of"),
        ('code = "late"', 'code = "in_time"', 'code = "in_time"', "already"),
        ("version = 1", "version = 1\nquota = 20", "quota = 20", "unknown"),
        ("base = 100.0", "base = = 1", "base = = 1", "Invalid"),
    ],
)
def test_a_sheet_broken_in_one_place_is_refused_with_its_line(old, new, line, reason):
    broken = TEXT.replace(old, new, 1)
    assert broken != TEXT
    with pytest.raises(SheetInvalid, match=reason) as refused:
        parse_sheet(broken)
    told = broken.splitlines()[refused.value.where["line"] - 1]
    assert told.startswith(line.strip())


def test_no_outcome_counts_reports():
    """The closed list is what keeps quotas out: a word for reporting in it would let a file pay for reports."""
    assert not [one for one in Outcome if "report" in one.value]


def test_an_outcome_scores_once_for_each_subject():
    sheet = parse_sheet(TEXT)
    found = list(entries(sheet, [happening()]))
    assert {(e.key.subject_kind, e.key.subject, e.points) for e in found} == {
        (Subject.WORKER, "person:w", 0.5),
        (Subject.TOWNSHIP, "999901001000", 0.5),
        (Subject.DEPARTMENT, "urban", 0.5),
    }


def test_late_by_a_clock_of_the_rule_and_by_no_other():
    sheet = parse_sheet(TEXT)
    late = list(entries(sheet, [happening(late_clocks=("handle",), own_late_clocks=("handle",))]))
    of_another = list(entries(sheet, [happening(late_clocks=("verify", "accept"), own_late_clocks=("verify",))]))
    assert {e.key.rule for e in late} == {"late"} and {e.points for e in late} == {-2.0}
    assert {e.key.rule for e in of_another} == {"in_time"}  # the verifier's delay is not the handler's


def test_who_takes_over_a_late_matter_and_handles_it_in_time_is_not_late():
    """It was escalated because the village was late: the township is charged, the person who then did it is not."""
    found = list(entries(parse_sheet(TEXT), [happening(late_clocks=("handle",), own_late_clocks=())]))
    assert {(e.key.subject_kind, e.key.rule) for e in found} == {
        (Subject.WORKER, "in_time"), (Subject.TOWNSHIP, "late"), (Subject.DEPARTMENT, "late"),
    }  # fmt: skip


def test_nobody_scores_where_nobody_is_named():
    assert not list(entries(parse_sheet(TEXT), [happening(worker="", department="", township="")]))


KEYS = st.builds(
    Key, st.sampled_from(Subject), st.sampled_from(["a", "b"]), st.sampled_from(["r", "q"]), st.just(EVENT), st.integers(1, 3)
)
RECORDS = st.dictionaries(KEYS, st.sampled_from([0.5, 1.0, -2.0, 3.0]), max_size=12)


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_however_the_record_changes_the_ledger_ends_where_it_is(records):
    """Lines are only added; counted again without a change, none is; and a thing has one earned line at most."""
    ledger: list[Entry] = []
    for record in records:
        wanted = [Entry(key, points, "u") for key, points in record.items()]
        ledger += differences(wanted, net(ledger))
        assert {key: points for key, (points, _) in net(ledger).items() if points} == record
        assert not differences(wanted, net(ledger))
    earned = [entry.key for entry in ledger if entry.kind is LineKind.EARNED]
    assert len(earned) == len(set(earned))


@given(st.lists(st.tuples(RECORDS, st.sets(KEYS, max_size=4)), min_size=1, max_size=5))
def test_what_an_appeal_decided_stands_whatever_becomes_of_the_record(history):
    """Points given back by an appeal are not given back once more by a correction: what was decided adds up to nothing."""
    ledger: list[Entry] = []
    decided: set[Key] = set()
    for record, granted in history:
        by_the_rules = net([entry for entry in ledger if entry.kind is not LineKind.APPEAL])
        ledger += differences([Entry(key, points, "u") for key, points in record.items()], by_the_rules, decided)
        for key in granted & net(ledger).keys():
            ledger.append(Entry(key, 0.0 - net(ledger)[key][0], "u", LineKind.APPEAL))
            decided.add(key)
        standing = {key: points for key, (points, _) in net(ledger).items() if points}
        assert standing == {key: points for key, points in record.items() if key not in decided}


def net(ledger) -> dict[Key, tuple[float, str]]:
    found: dict[Key, tuple[float, str]] = {}
    for entry in ledger:
        found[entry.key] = (found.get(entry.key, (0.0, ""))[0] + entry.points, entry.unit)
    return found


def test_a_rule_adds_and_takes_no_more_than_its_bound():
    sheet = parse_sheet(TEXT)
    (score,) = scores(sheet, [("w", "in_time", 60.0, 120), ("w", "late", -50.0, 25)])
    assert score.by_rule == {"in_time": (20.0, 60.0), "late": (-30.0, -50.0)}
    assert score.points == 100 + 20 - 30


def test_few_outcomes_are_shown_and_not_ranked_and_equals_share_a_rank():
    found = scores(parse_sheet(TEXT), [("a", "in_time", 5.0, 10), ("b", "in_time", 5.0, 10), ("c", "in_time", 4.0, 12),
                                       ("few", "settled", 27.0, 9)], known=["nothing"])  # fmt: skip
    assert [(one.subject, one.rank, one.is_small) for one in found] == [
        ("a", 1, False), ("b", 1, False), ("c", 3, False), ("few", None, True), ("nothing", None, True),
    ]  # fmt: skip
    assert found[-1].points == 100


@given(st.integers(1_577_836_800, 3_500_000_000))
def test_every_instant_lies_in_its_month(seconds):
    at = datetime.fromtimestamp(seconds, UTC)
    begin, until = month_bounds(month_of(at, "Asia/Shanghai"), "Asia/Shanghai")
    assert begin <= at < until


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-11", "2026-1", "2026-11-01", "", "１０２6-11"])
def test_what_is_no_month(month):
    with pytest.raises(ValueError, match="no month"):
        month_bounds(month, "Asia/Shanghai")


def test_the_shipped_file_is_where_the_settings_look():
    assert Path(ROOT / "data" / "assessment.toml").is_file()
