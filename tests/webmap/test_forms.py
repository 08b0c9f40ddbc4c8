"""Forms of the pages: what is typed into one never lands in an address, with or without its script."""

from __future__ import annotations

import re

import pytest

from geogrid.settings import ROOT

TEMPLATES = sorted((ROOT / "webmap/templates").glob("*.html"))
FORM = re.compile(r"<form\b[^>]*>")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_form_says_how_it_is_sent(path):
    """A form without a method sends by GET until its script is there: words, names and purposes would stand in logs."""
    forms = FORM.findall(path.read_text("utf-8"))
    assert [form for form in forms if not re.search(r'method="(get|post|dialog)"', form)] == []


def test_what_is_sent_by_get_are_filters_alone():
    """Free text of a report, a reason or a purpose has no place in a form by GET."""
    by_get = {
        (path.name, field)
        for path in TEMPLATES
        for form in re.findall(r'<form\b[^>]*method="get"[^>]*>.*?</form>', path.read_text("utf-8"), re.DOTALL)
        for field in re.findall(r'<textarea\b[^>]*name="([^"]+)"|name="(purpose|reason|words|text)"', form)
    }
    assert by_get == set()
