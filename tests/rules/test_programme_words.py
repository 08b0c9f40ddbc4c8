"""Why a programme is refused is said in the reader's language: every reason is a template with values, and has its Chinese."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from geogrid.cli.programme_files import faults_of
from geogrid.domain.clocks import Duration, DurationUnit
from geogrid.errors import ProgrammeInvalid
from geogrid.errors.family import Label, Reason, Reasons
from geogrid.rules.durations import duration
from geogrid.rules.programme import parse_programme
from geogrid.rules.reading import OddValue, Reader
from geogrid.settings import ROOT
from geogrid.texts import catalogue
from tests.rules.test_programme import BROKEN, HULAN

ROOMS = [*sorted((ROOT / "geogrid" / "rules").glob("programme*.py")),
         *(ROOT / "geogrid" / "rules" / f"{name}.py" for name in ("reading", "durations", "notices", "deadlines")),
         ROOT / "geogrid" / "cli" / "programme_files.py"]  # fmt: skip
CHINESE = re.compile("[\u4e00-\u9fff]")
SAYS = {"Reason": 0, "OddValue": 0, "fault": 1}  # which argument of a call is the template


def names_in(tree: ast.AST) -> dict[str, str]:
    """The texts that a name is given anywhere in a file."""
    return {
        node.targets[0].id + f":{node.lineno}": node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }  # fmt: skip


def templates(path: Path) -> dict[str, int]:
    """Every template of a reason in a file, with its line; one that is put together in place is a fault."""
    tree, found = ast.parse(path.read_text("utf-8")), {}
    given = names_in(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in SAYS or len(node.args) <= SAYS[called]:
            continue
        said = node.args[SAYS[called]]
        if isinstance(said, ast.Name) and said.id != "template":
            before = [(int(key.split(":")[1]), text) for key, text in given.items() if key.split(":")[0] == said.id]
            found[max((line, text) for line, text in before if line <= node.lineno or said.id.isupper())[1]] = node.lineno
        elif not isinstance(said, ast.Name):
            assert isinstance(said, ast.Constant), f"{path.name}:{node.lineno}: a template is written out, not put together"
            found[said.value] = node.lineno
    return found


ALL = {template: f"{path.name}:{line}" for path in ROOMS for template, line in templates(path).items()}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_templates_are_found():
    assert len(ALL) > 80
    assert {"{state} is a dead end: no step leads on", "{code} is none of {known}", "{key} is missing"} <= ALL.keys()


@pytest.mark.parametrize("template", ALL, ids=ALL.values())
def test_every_reason_has_its_chinese(template):
    translated = catalogue("zh").get((None, template))
    assert translated, f"add {template!r} to geogrid/texts/zh.po"
    assert fields(translated) == fields(template)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_programme_is_told_in_either_language(name, tmp_path):
    before, after, within, _, reason = BROKEN[name]
    head, tail = HULAN.split(within, 1) if within else ("", HULAN)
    path = tmp_path / "broken.toml"
    path.write_text(head + within + tail.replace(before, after, 1), "utf-8")
    faults = faults_of(path)[1]
    assert any(reason in fault.words("en") for fault in faults)
    for fault in faults:
        assert isinstance(fault.reason, Reason)
        assert CHINESE.search(fault.words("zh")), fault
        assert not CHINESE.search(fault.words("en")), fault
        assert fault.words("zh").startswith(f"{fault.line}: {fault.path}: ")


def test_the_refusal_of_a_file_is_told_in_either_language():
    text = HULAN.replace('to = "opened"', 'to = "x"', 1).replace('roles = ["mediator"]', "roles = []", 1)
    with pytest.raises(ProgrammeInvalid) as caught:
        parse_programme(text, "hulan.toml")
    assert "x is none of" in caught.value.message("en") and "nobody may take this step" in caught.value.message("en")
    said = caught.value.message("zh")
    assert "x 不在 " in said and "无人可办" in said
    assert not re.search("none of|nobody", said)


def test_values_that_are_reasons_are_told_in_the_reader_s_language_too():
    with pytest.raises(OddValue) as caught:
        duration("2 days")
    assert "wd (working days)" in str(caught.value)
    assert "wd（工作日）" in caught.value.reason.words("zh")
    for unit in DurationUnit:
        assert f"{unit.value} (" in str(caught.value), "each unit is named"
    reader = Reader(forms={Duration: duration})
    reader.build(str, 5, ("a",))
    assert reader.faults == [(("a",), "5 is not a text")]
    assert reader.faults[0][1].words("zh") == "5 不是文本"


def test_a_reason_is_its_english_text():
    reason = Reason("{a} of {b}", a=Reason("nobody is told"), b="x{y}")
    assert reason == "nobody is told of x{y}" and {reason} == {"nobody is told of x{y}"}
    assert reason.words("zh").startswith("未通知任何人")
    assert Reasons([reason, "plain"], ", ") == "nobody is told of x{y}, plain"
    assert Label(DurationUnit.WORKING_DAY).words("zh") == "工作日"
