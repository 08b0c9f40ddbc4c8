"""Programmes: those that come with the platform are sound; one that is broken is refused, by line and reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geogrid.cli.programme_files import faults_of
from geogrid.errors import ProgrammeInvalid
from geogrid.rules.programme import parse_programme, read
from geogrid.rules.programme_check import check, walked
from geogrid.settings import ROOT

FILES = sorted((ROOT / "data" / "programmes").glob("*.toml"))
HULAN = (ROOT / "data" / "programmes" / "hulan.toml").read_text("utf-8")


def line_with(text: str, part: str, after: str = "") -> int:
    """Return the number of the first line with ``part``, below the first with ``after``."""
    lines = text.split("\n")
    begin = next((i for i, line in enumerate(lines) if after in line), 0) if after else 0
    return next(i for i, line in enumerate(lines, start=1) if i > begin and part in line)


def broken(tmp_path: Path, before: str, after: str, within: str = "") -> tuple[list[tuple[int, str]], str]:
    """Return (line, reason) of the faults of Hulan's programme with one change below the line with ``within``, and its text."""
    head, tail = HULAN.split(within, 1) if within else ("", HULAN)
    assert before in tail, before
    text = head + within + tail.replace(before, after, 1)
    path = tmp_path / "broken.toml"
    path.write_text(text, "utf-8")
    return [(fault.line, fault.reason) for fault in faults_of(path)[1]], text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_programme_that_comes_along_is_sound_and_named_after_its_file(path):
    programme, faults = faults_of(path)
    assert not faults, [str(fault) for fault in faults]
    assert programme is not None
    assert programme.code == path.stem
    moves, kinds = walked(programme)
    assert moves > len(programme.steps)
    assert kinds >= 1


BROKEN = {  # what: (before, after, below which line, what stands on the line named, the reason)
    "a state that is none": ('from = ["reported"]', 'from = ["reportd"]', 'code = "open"', '"reportd"', "reportd is none of"),
    "to nowhere": ('to = "opened"', 'to = "opend"', 'code = "open"', 'to = "opend"', "opend is none of"),
    "a dead end": (
        'from = ["closed"]\nto = "archived"', 'from = ["parked"]', 'code = "archive"', 'code = "closed"', "is a dead end",
    ),
    "verified by the handler": (
        'not_by = ["handle", "solve"]', 'not_by = ["solve"]', 'code = "verify"', 'code = "verify"',
        "could be taken by who took handle",
    ),
    "a clock that never stops": (
        'stops_on = ["verify", "redo"]', 'stops_on = ["urge"]', 'zh = "核查时限"', 'stops_on = ["urge"]', "never stops",
    ),
    "a unit that does not fit": (
        'promised = "2wh"', 'promised = "2wd"', 'zh = "立案时限"', 'promised = "2wd"', "at least 1 of wh",
    ),
    "a light missing": (
        'soon = "amber", overdue', "overdue", 'code = "whistle"\ntitle', 'staff = { running = "green", overdue',
        "no light for soon",
    ),
    "an unknown role": ('roles = ["mediator"]', 'roles = ["wizard"]', 'code = "mediate"', '"wizard"', "'wizard' is none of"),
    "a pause nobody uses": (
        ', "public_notice", "waiting_citizen"]', ', "public_notice"]', "[[clocks]]", 'code = "waiting_citizen"',
        "no clock stands still for waiting_citizen",
    ),
    "a pause that nobody ends": (
        '"dispatcher", "system"]\ndoes = ["resume"]', '"dispatcher"]\ndoes = ["resume"]', 'code = "resume"', 'longest = "30wd"',
        "where no step of system does resume",
    ),
    "a pause of no length": ('longest = "30wd"', 'longest = "0wd"', "[[pauses]]", 'longest = "0wd"', "is at least 1"),
    "a pause of no unit": ('longest = "30wd"', 'longest = "30 days"', "[[pauses]]", 'longest = "30 days"', "is no duration"),
    "an unknown pause": ('pauses = ["third', 'pauses = ["any', "[[clocks]]", 'pauses = ["any', "any_party_report is none"),
    "one code twice": ('code = "handled"', 'code = "parked"', "[[states]]", 'code = "parked"', "parked stands twice"),
    "no title": ('title = { zh = "派遣", en = "Dispatch" }\n', "", 'code = "dispatch"', 'code = "dispatch"', "title is missing"),
    "no TOML": ('roles = ["mediator"]', 'roles = ["mediator"', 'code = "mediate"', "requires", "Unclosed array"),
    "closed by the handler alone": (
        'from = ["verified"]\nto = "closed"\nroles = ["dispatcher", "verifier", "commander"]\nnot_by = ["handle", "solve"]',
        'from = ["handled", "verified"]\nto = "closed"\nroles = ["dispatcher"]', 'zh = "返工"', 'code = "handle"',
        "can bring a matter to closed alone",
    ),
    "less by law than is promised": (
        'promised = "1wd", legal = "3wd"', 'promised = "4wd", legal = "3wd"', 'zh = "办理时限"', "limits = [",
        "is promised where the law allows",
    ),
    "a limit that never holds": (
        'when = { handling = ["immediate"] }, promised', "promised", "[[clocks]]", "limits = [", "those after it never hold",
    ),
    "a whistle without a clock": ('whistle = "whistle"', "", "", "[responsibility]", "name its clock"),
    "a channel of no platform": ('code = "patrol"', 'code = "pigeon"', "[[channels]]", '"pigeon"', "pigeon is none of"),
    "matters that begin closed": (
        'stage = "reported"', 'stage = "closed"', "[[states]]", 'stage = "closed"', "where matters begin",
    ),
    "a search for nobody": ('event = ["territory", "owner"]', "event = []", "", "event = []", "order of search"),
    "parked with its clocks running": ('does = ["park"]', "", 'code = "park"', 'code = "park"', "park must park"),
    "taken up again with its clocks standing": (
        'does = ["unpark"]', "", 'code = "unpark"', 'code = "unpark"', "where unpark is taken: it must unpark",
    ),
    "a kind of matter that is stuck": (
        'to = "archived"\n', 'to = "archived"\nwhen = { handling = ["timed"] }\n', 'code = "archive"', 'code = "closed"',
        "nothing leads on",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_programme_is_refused_with_line_and_reason(name, tmp_path):
    before, after, within, place, reason = BROKEN[name]
    faults, text = broken(tmp_path, before, after, within)
    lines = [i for i, line in enumerate(text.split("\n"), start=1) if place in line]
    heads = [i - 1 for i in lines]  # where a part as a whole is meant, its head is named, on the line above
    assert any(reason in said and line in [*lines, *heads] for line, said in faults), faults


def test_every_fault_is_told_at_once_and_the_error_names_the_first_line():
    text = HULAN.replace('to = "opened"', 'to = "x"', 1).replace('roles = ["mediator"]', "roles = []", 1)
    _, faults = read(text, "hulan.toml")
    assert len(faults) == 2
    with pytest.raises(ProgrammeInvalid) as caught:
        parse_programme(text, "hulan.toml")
    assert caught.value.where == {"path": "hulan.toml", "line": line_with(text, 'to = "x"')}


def told(text: str) -> set[str]:
    """Return all that is said of a programme."""
    programme, faults = read(text, "x")
    found = {str(fault) for fault in faults}
    return found if programme is None or faults else {finding.reason for finding in check(programme)}


def test_a_code_that_is_taken_away_is_always_noticed():
    """Every ``code = ...`` of Hulan's programme, one after another."""
    for found in re.finditer(r"^code = .*\n", HULAN, re.MULTILINE):
        assert told(HULAN[: found.start()] + HULAN[found.end() :]), found.group()


FREE = re.compile(r"\s*(title|text|reason|requires|department|carrier|calendar|code|hours|day_ends) = ")


def test_a_name_that_names_nothing_is_always_noticed():
    """Every reference of Hulan's programme, each word once under each key, made to name nothing."""
    seen = set[tuple[str, str]]()
    for number, line in enumerate(HULAN.split("\n")):
        key = line.partition("=")[0].strip()
        if FREE.match(line) or "zh =" in line or line.startswith("#"):
            continue
        for found in re.finditer(r'"([a-zA-Z]\w*)"', line):
            if (key, found.group(1)) in seen:
                continue
            seen.add((key, found.group(1)))
            lines = HULAN.split("\n")
            lines[number] = f'{line[: found.start()]}"{found.group(1)}_gone"{line[found.end() :]}'
            assert told("\n".join(lines)), (number + 1, found.group(1))
    assert len(seen) > 80


def test_a_definition_is_not_renamed_unnoticed_while_something_names_it():
    programme = parse_programme(HULAN)
    steps = {code for step in programme.steps for code in step.not_by}
    steps |= {code for clock in programme.clocks for code in (*clock.starts_on, *clock.stops_on, clock.time_out_step)}
    named = {
        "states": {step.to for step in programme.steps} | {code for step in programme.steps for code in step.from_states},
        "steps": steps,
        "clocks": {notice.on.split(":")[1] for notice in programme.notices if notice.on.startswith("clock:")},
        "pauses": {code for clock in programme.clocks for code in clock.pauses},
        "handling_types": {category.handling for category in programme.categories},
        "categories": {category.parent for category in programme.categories},
    }
    for kind, codes in named.items():
        for code in codes & {rule.code for rule in getattr(programme, kind)}:
            table = re.compile(rf'(\[\[{kind}\]\]\ncode = "){code}"')
            renamed, count = table.subn(rf'\1{code}_gone"', HULAN)
            assert count == 1
            assert told(renamed), (kind, code)
