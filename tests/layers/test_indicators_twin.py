"""Figures of the small twin's year, loaded through the door that all data take: equal to plain SQL, township by township."""

from __future__ import annotations

import os
from datetime import datetime

import pytest
from click.testing import CliRunner

from etl.load_command import load
from geogrid.domain.indicators import TOTAL, FigureGroup, FigurePart, Measure, Span
from geogrid.rules.indicators import parse_book
from geogrid.settings import ROOT
from geogrid.store.session import engine_of, session_scope
from layers.indicators import open_list, read_figures
from tests.build_figures import PLAIN, TIMEZONE, month, plain

AS_OF = "2025-09-30T12:00:00+08:00"
NOW = datetime.fromisoformat(AS_OF)
BOOK = parse_book((ROOT / "data/indicators.toml").read_text("utf-8"))
ASKED = {"now": NOW, "timezone": TIMEZONE}


@pytest.fixture
def session(fresh_database, small_twin, tmp_path, monkeypatch):
    """A session on the twin as it stood at the end of September."""
    monkeypatch.setenv("GEOGRID_DATABASE_URL", fresh_database)
    monkeypatch.setenv("GEOGRID_VAR", str(tmp_path / "var"))
    done = CliRunner().invoke(
        load, ["all", str(small_twin), "--edition", "twin", "--activate", "--as-of", AS_OF], env=dict(os.environ)
    )
    assert done.exit_code == 0, done.output
    engine = engine_of(fresh_database)
    with session_scope(engine) as made:
        yield made
    engine.dispose()


def test_figures_of_the_twin_equal_plain_sql(session):
    rows = 0
    for span in (Span(*month(2025, 8)), Span(*month(2025, 9)), Span(month(2025, 1)[0], NOW)):
        for by in (FigureGroup.TOWNSHIP, FigureGroup.DEPARTMENT, FigureGroup.POST):
            found = read_figures(session, BOOK, span, by=by, **ASKED)
            for code in PLAIN:
                one = BOOK.figure(code)
                wanted = plain(session, code, (span.start, span.end), by=by.value, now=NOW, middles=False)
                got = {(row.group, row.split): row for row in found.rows if row.code == code}
                assert {key for key, row in got.items() if row.denominator} == wanted.keys(), code
                for (group, split), (number, count, _) in wanted.items():
                    whole = wanted[group, "*"][1] if one.whole else count
                    assert got[group, split].denominator == whole, (code, group, split)
                    if one.measure is not Measure.MEDIAN:
                        assert got[group, split].numerator == number, (code, group, split)
                    rows += 1
    assert rows > 500
    whole = read_figures(session, BOOK, Span(month(2025, 1)[0], NOW), **ASKED).of("closing_rate")
    rest, _ = open_list(session, BOOK.figure("closing_rate"), FigurePart.REST, Span(month(2025, 1)[0], NOW), limit=1000, **ASKED)
    assert len(rest) == whole.denominator - whole.numerator > 0
    assert whole.group == whole.split == TOTAL
