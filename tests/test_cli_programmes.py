"""``geogrid due`` and ``geogrid programme``, as a terminal sees them; the guide to clocks says what they say."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from typing import get_args, get_type_hints
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from geogrid.cli import root
from geogrid.domain.clocks import DayKind, Duration
from geogrid.domain.programmes import BUILT_IN_STEPS, EFFECTS, Programme
from geogrid.errors import ClockUnknown, FileError, OptionInvalid, ProgrammeInvalid, ProgrammeUnknown, TimeWithoutOffset
from geogrid.rules.picture_layout import Arrow, block_height, block_width, text_width, wrapped
from geogrid.rules.programme import NAMES, parse_programme
from geogrid.rules.programme_picture import svg
from geogrid.settings import ROOT

PROGRAMMES = sorted(path.stem for path in (ROOT / "data" / "programmes").glob("*.toml"))
JUNE = "2025-06-18T09:00+08:00"
NATIONAL_DAY = ("due", "hulan", "handle", "--start", "2025-09-29T10:00+08:00", "--when", "handling=agent")


@pytest.fixture
def run(tmp_path):
    """Runs ``geogrid ...`` without a database; returns the exit code and what was said."""

    def call(*arguments, **more):
        environ = {"GEOGRID_VAR": str(tmp_path), "GEOGRID_LANGUAGE": "en", **more}
        done = CliRunner(env=environ).invoke(root, list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return call


# -- due --------------------------------------------------------------------------------------------------------------


def test_due_says_both_limits_thresholds_lights_and_days(run):
    code, said = run(*NATIONAL_DAY, "--now", "2025-10-13T08:00+08:00", "--json")
    told = json.loads(said)
    assert code == 0
    assert (told["due_at"], told["legal_due_at"]) == ("2025-10-13T17:00:00+08:00", "2025-10-20T17:00:00+08:00")
    assert told["thresholds"] == [{"code": "soon", "title": "Soon due", "at": "2025-10-13T00:00:00+08:00"}]
    assert (told["phase"], told["lights"], told["provisional"]) == ("soon", {"staff": "amber", "public": "amber"}, False)
    counted = {day["date"]: day["number"] for day in told["days"] if day["number"]}
    assert counted == {"2025-09-30": 1, "2025-10-09": 2, "2025-10-10": 3, "2025-10-11": 4, "2025-10-13": 5}
    kinds = {day["date"]: day["kind"] for day in told["days"]}
    assert (kinds["2025-10-08"], kinds["2025-10-11"], kinds["2025-10-12"]) == (DayKind.HOLIDAY, DayKind.MOVED, DayKind.WEEKEND)


def test_due_speaks_the_language_of_the_user(run):
    said = run(*NATIONAL_DAY, GEOGRID_LANGUAGE="zh")[1]
    assert "承诺到期（5wd）：2025-10-13T17:00:00+08:00" in said
    assert "2025-10-11  星期六  计入：调休上班" in said
    assert "2025-10-01  星期三  不计：法定节假日" in said


def test_pauses_and_extensions_move_the_end_and_provisional_days_are_said(run):
    start = ("due", "hulan", "handle", "--start", "2026-12-29T10:00+08:00", "--when", "handling=agent")
    said = run(*start, "--pause", "2026-12-30T10:00+08:00/2026-12-31T10:00+08:00", "--extend", "2", "--extend", "1wd")[1]
    assert "Due as promised (5wd + 2wd + 1wd): 2027-01-13T17:00:00+08:00" in said
    assert "Provisional: the holidays of a year that it counts in are not published yet." in said
    assert "-  2026-12-31  Thursday  Not counted: the clock stood still" in said
    assert "(provisional)" in said


def test_a_clock_that_stands_still_is_read_as_such_and_a_late_pause_is_said_to_change_nothing(run):
    start = ("due", "hulan", "handle", "--start", "2025-06-18T09:00+08:00", "--when", "handling=immediate")
    told = json.loads(run(*start, "--pause", "2025-06-19T10:00+08:00/", "--now", "2025-06-23T10:00+08:00", "--json")[1])
    assert (told["phase"], told["lights"]["staff"], told["due_at"]) == ("paused", "grey", "2025-06-24T17:00:00+08:00")
    said = run(*start, "--pause", "2025-06-20T10:00+08:00/2025-06-21T10:00+08:00")[1]
    assert "The pause from 2025-06-20T10:00:00+08:00 came when it had run out: it changes nothing." in said


def test_legal_days_count_free_days_too_but_not_as_the_last(run):
    """Thirty days from 5 September 2025 are up on 5 October, in the holidays: 9 October is the last."""
    start = ("due", "jinan_court", "request", "--start", "2025-09-05T10:00+08:00")
    told = json.loads(run(*start, "--json")[1])
    kinds = {day["date"]: (day["number"], day["kind"]) for day in told["days"]}
    assert (kinds["2025-09-06"], kinds["2025-10-04"]) == ((1, "counted"), (29, "counted"))
    assert (kinds["2025-10-05"], kinds["2025-10-09"]) == ((0, "holiday"), (30, "counted"))
    assert told["due_at"] == "2025-10-10T00:00:00+08:00"


@pytest.mark.parametrize(("arguments", "error", "says"), [
    (("hulun", "handle", "--start", "2025-06-18T09:00+08:00"), ProgrammeUnknown, "Known: dongmaopu_form, hulan"),
    (("hulan", "handel", "--start", "2025-06-18T09:00+08:00"), ClockUnknown, "Known: accept, handle, verify, whistle"),
    (("hulan", "handle", "--start", "2025-06-18T09:00"), TimeWithoutOffset, "no offset"),
    (("hulan", "handle", "--start", JUNE, "--extend", "3h"), OptionInvalid, "from 1wd to 5wd"),
    (("hulan", "handle", "--start", JUNE, "--extend", "6"), OptionInvalid, "from 1wd to 5wd"),
    (("hulan", "handle", "--start", JUNE, *(("--extend", "1") * 3)), OptionInvalid, "2 times at most"),
    (("hulan", "accept", "--start", "2025-06-18T09:00+08:00", "--extend", "1"), OptionInvalid, "cannot be extended"),
    (("hulan", "accept", "--start", "2025-06-18T09:00+08:00", "--pause", "2025-06-18T10:00Z/"), OptionInvalid, "never paused"),
    (("hulan", "handle", "--start", JUNE, "--pause", "2025-06-18T10:00Z"), OptionInvalid, "write FROM/TO"),
    (("hulan", "handle", "--start", JUNE, "--pause", "2025-06-17T10:00Z/"), OptionInvalid, "after the start"),
    (("hulan", "handle", "--start", JUNE, *(("--pause", "2025-06-19T10:00Z/") * 2)), OptionInvalid, "overlap"),
    (("hulan", "handle", "--start", JUNE, "--when", "handling=soon"), OptionInvalid, "one of immediate, timed"),
    (("hulan", "handle", "--start", JUNE, "--when", "colour=red"), OptionInvalid, "name one of handling"),
    (("hulan", "handle", "--start", JUNE, "--now", "2025-06-17T09:00Z"), OptionInvalid, "before the start"),
])  # fmt: skip
def test_what_due_cannot_work_out_is_refused_with_what_would_fit(run, arguments, error, says):
    with pytest.raises(error, match=re.escape(says)) as caught:
        run("due", *arguments)
    assert not re.search("[a-z]{3,} [a-z]{3,}", caught.value.message("zh"))


def test_the_deadlines_of_the_guide_are_those_of_the_command(run):
    """Every ``geogrid due`` of the guide to clocks is run; each line it shows must be said."""
    page = (ROOT / "docs" / "guides" / "clocks.md").read_text("utf-8")
    examples = re.findall(r"```\n\$ geogrid (due (?:[^\n]*\\\n)*[^\n]*)\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 3
    for command, shown in examples:
        said = run(*shlex.split(command.replace("\\\n", " ")))[1].splitlines()
        assert shown.splitlines() == said, command


def test_the_guide_to_programmes_names_every_key_effect_and_built_in_step():
    page = (ROOT / "docs" / "guides" / "programmes.md").read_text("utf-8")
    words, seen, waiting = {*re.findall(r"`\[*(\w+)", page), "zh", "en", "mn"}, set(), [Programme]
    while waiting:
        kind = waiting.pop()
        seen.add(kind)
        for entry in (entry for entry in dataclasses.fields(kind) if entry.init):
            hint = get_type_hints(kind)[entry.name]
            waiting += [part for part in things_of(hint) if part not in seen]
            assert NAMES.get((kind, entry.name), entry.name) in words, (kind.__name__, entry.name)
    assert {*EFFECTS, *BUILT_IN_STEPS} <= words


def things_of(hint):
    """Dataclasses anywhere in an annotation whose fields are keys of the file."""
    if dataclasses.is_dataclass(hint):
        return [] if hint is Duration else [hint]
    return [thing for part in get_args(hint) for thing in things_of(part)]


# -- programme --------------------------------------------------------------------------------------------------------


def test_all_programmes_are_checked_without_an_argument(run):
    code, said = run("programme", "check")
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()] == PROGRAMMES
    assert "hulan 2 is sound: 8 states, 31 steps, 4 clocks;" in said
    assert "hulan 第 2 版无误" in run("programme", "check", "hulan", GEOGRID_LANGUAGE="zh")[1]


def test_a_broken_file_is_told_by_file_line_and_place(run, tmp_path):
    text = (ROOT / "data" / "programmes" / "hulan.toml").read_text("utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace('to = "opened"', 'to = "nowhere"', 1), "utf-8")
    line = text[: text.index('to = "opened"')].count("\n") + 1
    code, said = run("programme", "check", str(path), "hulan")
    assert code == 1
    assert said.splitlines()[0].startswith(f"{path}:{line}: steps[0].to: nowhere is none of")
    assert said.splitlines()[-1].startswith("hulan 2 is sound")
    path.write_text(text.replace('calendar = "cn"', 'calendar = "fi"', 1), "utf-8")
    assert "there is no calendar fi; known: cn" in run("programme", "check", str(path))[1]
    path.write_text("x = ", "utf-8")
    with pytest.raises(ProgrammeInvalid):
        run("programme", "picture", str(path), "--out", str(tmp_path / "x.svg"))


def test_programmes_are_listed(run):
    assert [line.split("\t")[0] for line in run("programme", "list")[1].splitlines()] == PROGRAMMES
    assert "hulan\t2\t呼兰网格事件\t8\t31\t4" in run("programme", "list", GEOGRID_LANGUAGE="zh")[1]


# -- the picture ------------------------------------------------------------------------------------------------------


def of(code):
    return parse_programme((ROOT / "data" / "programmes" / f"{code}.toml").read_text("utf-8"))


def test_a_picture_is_written_where_it_was_asked_for(run, tmp_path):
    out = tmp_path / "hulan.svg"
    assert run("programme", "picture", "hulan", "--out", str(out), "--language", "zh") == (0, f"{out}\n")
    drawn = out.read_text("utf-8")
    for words in ("呼兰网格事件", "已上报", "派遣", "办理时限", "5 工作日", "须派遣员批准"):
        assert words in drawn, words
    with pytest.raises(FileError):
        run("programme", "picture", "hulan", "--out", str(tmp_path / "no" / "folder.svg"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", PROGRAMMES)
def test_no_words_of_a_picture_overlap_and_none_lies_outside(code, language):
    programme = of(code)
    drawn = ElementTree.fromstring(svg(programme, language))
    space = "{http://www.w3.org/2000/svg}"
    width, height = (float(drawn.get(name)) for name in ("width", "height"))
    boxes = []
    for text in drawn.iter(f"{space}text"):
        x, y, size = (float(text.get(name)) for name in ("x", "y", "font-size"))
        boxes.append((x, y - size * 0.85, x + text_width(text.text, size), y + size * 0.2, text.text))
    assert {state.title.text(language) for state in programme.states} <= {box[-1] for box in boxes}
    assert all(x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height for x0, y0, x1, y1, _ in boxes)
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one[-1], other[-1])


@pytest.mark.parametrize("code", PROGRAMMES)
def test_no_arrow_runs_through_words_and_no_two_share_a_track(code):
    drawn = svg(of(code), "zh")
    words = [
        (x, y - size, x + text_width(text, size), y)
        for x, y, size, text in (
            (float(x), float(y), float(size), text)
            for x, y, size, text in re.findall(r'<text class="\w*" x="([\d.]+)" y="([\d.]+)" font-size="([\d.]+)">([^<]*)', drawn)
        )
    ]
    tracks = []
    for found in re.findall(r'<path class="arrow" d="([^"]*)"', drawn):
        numbers = [float(part) for part in re.findall(r"-?\d+\.\d", found)]
        start, edge, y, end = numbers[0], numbers[1], numbers[4], numbers[8]
        tracks.append((y, min(start, end), max(start, end)))
        for x in (start, end):
            through = [w for w in words if w[0] < x < w[2] and w[1] < max(y, edge) and w[3] > min(y, edge)]
            assert not through, (x, y, edge)
        assert not [w for w in words if w[0] < max(start, end) and w[2] > min(start, end) and w[1] < y < w[3]]
    for i, (y, left, right) in enumerate(tracks):
        for other_y, other_left, other_right in tracks[i + 1 :]:
            assert y != other_y or right < other_left or other_right < left


def test_long_words_are_broken_at_commas_and_blanks():
    assert wrapped("网格员、网格长、调解员", 10, 60) == ["网格员、", "网格长、", "调解员"]
    assert wrapped("", 10, 60) == []
    assert block_width(()) == 0.0
    assert block_height(()) == 0.0
    assert Arrow(0, 1, ()).is_forward
