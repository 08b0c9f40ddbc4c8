"""Matters for lists from a file: proposals of who brings them, made-up ones with their steps; bad rows told, nothing stored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from etl.errors import ColumnMissing, RowsUnfit
from etl.matter_lists import read_lists, store_lists
from etl.recipe import Recipe
from etl.teams import read_teams, store_teams
from etl.workers import read_workers, store_workers
from geogrid.actions.district import district_of
from geogrid.actions.matter_lists import decide, matrix
from geogrid.domain.lists import ItemState
from geogrid.domain.people import Actor, Post, Role
from geogrid.errors import ListSamePerson
from geogrid.store import lists
from geogrid.store.tables.audit import audit
from geogrid.store.tables.lists import list_items
from tests.build_district import NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, profile, publish

HEAD = "category,unit,department,part,note"
ROWS = (f"E01,{TOWNSHIP_A},urban,lead,", f"道路坑洼,{TOWNSHIP_B},城市管理,assist,夜间", f"T01,{VILLAGE_A},police,,")
LATER = NOW + timedelta(days=1)
CLERK = Actor("person:10", "坐席", (Post(Role.DISPATCHER, "999901000000"),))
BOSS = Actor("person:11", "指挥", (Post(Role.COMMANDER, "999901000000"),))
URBAN = Actor("person:12", "城管", (Post(Role.DEPARTMENT, department="urban"),))
MADE_UP = HEAD + ",state,proposed_by,proposed_at,assessed_by,assessed_at,admitted_by,admitted_at,synthetic"
DAYS = [f"2025-01-{day:02}T09:00:00+08:00" for day in (6, 13, 20)]


def made_up(category="E01", who=("a", "b", "c"), state="admitted", days=DAYS) -> str:
    steps = ",".join(f"{one},{day}" for one, day in zip(who, days, strict=True))
    return f"{category},{TOWNSHIP_A},urban,lead,,{state},{steps},yes"


@pytest.fixture
def programmes(session):
    publish(session)
    return district_of(profile(), session).programmes


def read(folder, programmes, *rows: str, head: str = HEAD, synthetic: bool = True):
    path = folder / "lists.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return read_lists(path, Recipe(), programmes, now=NOW, synthetic=synthetic)


def keep(session, rows, actor=CLERK, now=NOW, **told):
    return store_lists(session, rows, profile(), actor=actor, now=now, **told)


def stored(session) -> list[tuple]:
    columns = (list_items.c.category, list_items.c.unit, list_items.c.department, list_items.c.part, list_items.c.state)
    return sorted(tuple(row) for row in session.execute(select(*columns)))


def test_a_file_of_a_real_district_becomes_proposals(session, programmes, tmp_path):
    found = keep(session, read(tmp_path, programmes, *ROWS, synthetic=False))
    assert (found.rows, found.proposed, found.admitted, found.there) == (3, 3, 0, 0)
    assert stored(session) == [
        ("C03", TOWNSHIP_B, "urban", "assist", "proposed"),
        ("E01", TOWNSHIP_A, "urban", "lead", "proposed"),
        ("T01", VILLAGE_A, "police", "lead", "proposed"),
    ]
    (one,) = [one for one in lists.listed(session, "hulan") if one.item.category == "E01"]
    with pytest.raises(ListSamePerson):  # who brought the file decides on nothing of it
        decide(session, one.id, ItemState.ASSESSED, actor=CLERK, now=LATER)
    assert decide(session, one.id, ItemState.ASSESSED, actor=BOSS, now=LATER).state is ItemState.ASSESSED


def test_the_same_file_again_changes_nothing(session, programmes, tmp_path):
    keep(session, read(tmp_path, programmes, *ROWS))
    again = keep(session, read(tmp_path, programmes, *ROWS), now=LATER)
    assert (again.proposed, again.there) == (0, 3)
    (told,) = session.execute(select(audit.c.actor, audit.c.details).where(audit.c.action == "list.load")).all()
    assert told.actor == CLERK.id and told.details["proposed"] == 3


def test_a_township_may_be_named(session, programmes, tmp_path):
    keep(session, read(tmp_path, programmes, "E01,甲街道,urban,lead,"))
    assert stored(session) == [("E01", TOWNSHIP_A, "urban", "lead", "proposed")]


def test_a_dry_run_stores_nothing(session, programmes, tmp_path):
    found = keep(session, read(tmp_path, programmes, *ROWS), dry_run=True)
    assert (found.rows, found.proposed) == (3, None) and stored(session) == []


def test_every_bad_row_is_told_and_nothing_is_stored(session, programmes, tmp_path):
    bad = (f"E99,{TOWNSHIP_A},urban,lead,", f"E01,{TOWNSHIP_A},moon,lead,", "E01,999901999000,urban,lead,", ROWS[0])
    with pytest.raises(RowsUnfit) as told:
        keep(session, read(tmp_path, programmes, ROWS[0], *bad))
    assert told.value.where == {"rows": [3, 4, 5, 6]} and stored(session) == []
    told_in = {"en": ("row 3", "E99", "moon", "999901999000", "stands on the list"), "zh": ("第 3 行", "第 6 行")}
    for language, words in told_in.items():
        assert all(word in told.value.message(language) for word in words), told.value.message(language)


def test_another_part_than_the_one_that_stands_is_a_fault(session, programmes, tmp_path):
    keep(session, read(tmp_path, programmes, ROWS[0]))
    with pytest.raises(RowsUnfit, match="row 2"):
        keep(session, read(tmp_path, programmes, ROWS[0].replace("lead", "assist")))


def test_a_department_brings_its_own_list_alone(session, programmes, tmp_path):
    with pytest.raises(RowsUnfit) as told:
        keep(session, read(tmp_path, programmes, *ROWS), actor=URBAN)
    assert told.value.where == {"rows": [4]}
    assert keep(session, read(tmp_path, programmes, *ROWS[:2]), actor=URBAN).proposed == 2


def test_made_up_rows_have_their_three_people(session, programmes, tmp_path):
    found = keep(session, read(tmp_path, programmes, made_up(), head=MADE_UP))
    assert (found.admitted, found.proposed) == (1, 0)
    (one,) = lists.listed(session, "hulan")
    assert one.state is ItemState.ADMITTED and len({one.proposed_by, one.assessed_by, one.admitted_by}) == 3
    assert one.admitted_at.isoformat() == "2025-01-20T01:00:00+00:00"
    assert matrix(session, programmes.default, language="zh").cells["E01", TOWNSHIP_A].leads == ("urban",)


@pytest.mark.parametrize(
    "row",
    [
        made_up(who=("a", "a", "c")),  # decides on what he proposed
        made_up(days=DAYS[::-1]),
        made_up(days=["2099-01-01T00:00:00+08:00"] * 3),  # later than the clock
        made_up(state="assessed"),  # says less than its steps
        made_up(days=["2025-01-06"] * 3),  # without an offset
    ],
)
def test_made_up_steps_that_cannot_be(session, programmes, tmp_path, row):
    rows = read(tmp_path, programmes, row, head=MADE_UP)
    assert list(rows.faults) == [2]


def test_steps_are_for_made_up_rows_of_a_made_up_district(session, programmes, tmp_path):
    """Nobody admits a real list by a file, and no made-up row comes into a real district."""
    assert list(read(tmp_path, programmes, made_up().replace(",yes", ",no"), head=MADE_UP).faults) == [2]
    assert list(read(tmp_path, programmes, made_up(), head=MADE_UP, synthetic=False).faults) == [2]


def test_a_file_without_departments_is_told_what_it_lacks(programmes, tmp_path):
    with pytest.raises(ColumnMissing):
        read(tmp_path, programmes, "E01,1", head="category,unit")


# -- teams ------------------------------------------------------------------------------------------------------------

TEAMS = "code,name,force,unit,department,members"


def test_teams_of_a_file(session, programmes, tmp_path):
    workers, path = tmp_path / "workers.csv", tmp_path / "teams.csv"
    people = [f"W{n},某{n},{n},professional,{VILLAGE_A},{VILLAGE_A}00{n}" for n in (1, 2)]
    workers.write_text("\n".join(("code,name,phone,role,unit_code,grid_code", *people)), encoding="utf-8")
    store_workers(session, read_workers(workers), profile(), now=NOW)
    path.write_text(f"{TEAMS}\nT-1,一队,professional,{TOWNSHIP_A},police,worker-w1;worker-w2\n", encoding="utf-8")
    found = store_teams(session, read_teams(path), now=NOW)
    assert (found.made, found.joined, found.left) == (1, 2, 0)
    again = store_teams(session, read_teams(path), now=LATER)
    assert (again.made, again.joined, again.left) == (0, 0, 0)
    path.write_text(f"{TEAMS}\nT-1,一队,professional,{TOWNSHIP_A},police,worker-w2\n", encoding="utf-8")
    fewer = store_teams(session, read_teams(path), now=LATER)
    assert (fewer.made, fewer.joined, fewer.left) == (0, 0, 1)
    path.write_text(f"{TEAMS}\nT-1,一队,professional,{TOWNSHIP_A},,worker-w2;nobody\nT-2,二队,base,1,,\n", encoding="utf-8")
    with pytest.raises(RowsUnfit) as told:
        store_teams(session, read_teams(path), now=LATER)
    assert told.value.where == {"rows": [2, 3]}
