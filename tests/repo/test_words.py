"""Words: every label, error and page text has its Chinese; the vocabulary's words are the code's words."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import string

import pytest
from babel.messages.pofile import read_po

import geogrid.domain
from geogrid import errors
from geogrid.domain.labelled import LabelledEnum
from geogrid.settings import ROOT
from geogrid.texts import catalogue, languages

CATALOGUES = sorted(ROOT.glob("*/texts/*.po"))


def labelled_enums() -> list[type[LabelledEnum]]:
    modules = [importlib.import_module(f"geogrid.domain.{info.name}") for info in pkgutil.iter_modules(geogrid.domain.__path__)]
    found = {cls for module in modules for _, cls in inspect.getmembers(module, inspect.isclass) if issubclass(cls, LabelledEnum)}
    return sorted(found - {LabelledEnum}, key=lambda cls: cls.__name__)


def error_classes() -> list[type[errors.GeogridError]]:
    return [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.GeogridError)]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_zh_and_en_are_shown():
    assert languages()[0] == "zh"
    assert languages()[-1] == "en"


@pytest.mark.parametrize("enum", labelled_enums(), ids=lambda enum: enum.__name__)
def test_every_member_has_a_label_in_every_language(enum):
    for language in set(languages()) - {"en"}:
        missing = [member.label for member in enum if (enum.__name__, member.label) not in catalogue(language)]
        assert not missing, f"add them to geogrid/texts/{language}.po with msgctxt {enum.__name__}"


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_error_has_its_message_in_every_language(error):
    message = " ".join((error.__doc__ or "").split())
    for language in set(languages()) - {"en"}:
        translated = catalogue(language).get((None, message))
        assert translated, f"add {message!r} to geogrid/texts/{language}.po"
        assert fields(translated) == fields(message)


def test_no_refusal_tells_the_code_of_a_state_a_step_or_a_role_in_place_of_its_label():
    """``Label``, ``state_name``, ``step_name`` and ``role_names`` tell them in the reader's language."""
    raw = re.compile(r"raise [\w.]+\([^#\n]*\b(?:state|wanted|step|roles?)=[^#\n]*\.value\b")
    sources = [path for folder in ("geogrid", "layers", "webmap", "etl") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path in sources for hit in raw.finditer(path.read_text("utf-8"))]
    assert len(sources) > 300
    assert found == []


def test_error_codes_are_distinct():
    codes = [cls.code for cls in error_classes()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(ROOT)))
def test_catalogues_are_complete_and_keep_their_fields(path):
    with path.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    assert not [message.id for message in messages if not message.string]
    assert not [message.id for message in messages if message.fuzzy]
    assert not [message.id for message in messages if fields(str(message.id)) != fields(str(message.string))]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_message_stands_twice(path):
    entries = re.findall(r'^(?:msgctxt "(.*)"\n)?msgid "(.+)"$', path.read_text("utf-8"), re.MULTILINE)
    assert len(entries) == len(set(entries))


def test_vocabulary_names_the_codes_of_the_enums():
    """docs/vocabulary.md lists every enum of the domain with every code and its Chinese label, so that words stay one."""
    page = (ROOT / "docs" / "vocabulary.md").read_text("utf-8")
    zh = catalogue("zh")
    missing = [
        f"{enum.__name__}.{member.value}"
        for enum in labelled_enums()
        for member in enum
        if f"| `{member.value}` | {member.label} | {zh[(enum.__name__, member.label)]} |" not in page
    ]
    assert not missing, "run `./run docs`, which writes the tables"
