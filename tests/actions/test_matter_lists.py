"""Lists of matters: proposed, assessed and admitted by distinct people; holes and double leads show; named people are told."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geogrid.actions.district import district_of
from geogrid.actions.matter_lists import decide, matrix, name_person, names_for, next_states, propose, proposes_for
from geogrid.actions.notices import _named_over
from geogrid.cli.lists import lines
from geogrid.cli.lists import lists as commands
from geogrid.domain.lists import Item, ItemState, Named, Part, Tier
from geogrid.domain.people import Actor, Post, Role
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import AccessForbidden, ListConflict, ListSamePerson, ListState, ListUnknown
from geogrid.store import lists, matters
from geogrid.store.session import engine_of, session_scope
from tests.build_district import NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, profile, publish
from tests.build_life import reported
from tests.build_people import employ, id_of
from tests.rules.people import person

COMMANDER, DISPATCHER = person(Role.COMMANDER), person(Role.DISPATCHER)
URBAN, POLICE = person(Role.DEPARTMENT, department="urban"), person(Role.DEPARTMENT, "police", department="police")


@pytest.fixture
def district(session):
    publish(session)
    return district_of(profile(), session)


@pytest.fixture
def programme(district):
    return district.programmes.default


def item(category="E01", unit=TOWNSHIP_A, department="urban", part=Part.LEAD) -> Item:
    return Item("hulan", category, unit, department, part)


def proposed(session, programme, wanted: Item, actor=URBAN) -> int:
    return propose(session, wanted, actor=actor, now=NOW, programme=programme).id


def admitted(session, programme, wanted: Item, actor=URBAN) -> int:
    number = proposed(session, programme, wanted, actor)
    decide(session, number, ItemState.ASSESSED, actor=DISPATCHER, now=NOW)
    decide(session, number, ItemState.ADMITTED, actor=COMMANDER, now=NOW)
    return number


def test_by_distinct_people_with_a_trace(session, programme):
    number = admitted(session, programme, item())
    found = lists.find_item(session, number)
    assert (found.state, found.proposed_by, found.admitted_by) == (ItemState.ADMITTED, URBAN.id, COMMANDER.id)
    told = session.execute(text("SELECT action FROM audit WHERE object_kind = 'list_item' ORDER BY id")).scalars().all()
    assert told == ["list.proposed", "list.assessed", "list.admitted"]


def test_nobody_decides_on_what_he_proposed(session, programme):
    number = proposed(session, programme, item(), COMMANDER)
    with pytest.raises(ListSamePerson):
        decide(session, number, ItemState.ASSESSED, actor=COMMANDER, now=NOW)
    decide(session, number, ItemState.ASSESSED, actor=DISPATCHER, now=NOW)
    with pytest.raises(ListSamePerson):
        decide(session, number, ItemState.ADMITTED, actor=COMMANDER, now=NOW)


def test_a_department_proposes_for_itself_and_decides_nothing(session, programme):
    with pytest.raises(AccessForbidden):
        proposed(session, programme, item(department="police"), URBAN)
    number = proposed(session, programme, item())
    with pytest.raises(AccessForbidden):
        decide(session, number, ItemState.ASSESSED, actor=POLICE, now=NOW)


def test_no_state_is_left_out(session, programme):
    number = proposed(session, programme, item())
    with pytest.raises(ListState):
        decide(session, number, ItemState.ADMITTED, actor=COMMANDER, now=NOW)


def test_what_stands_there_is_not_proposed_again_until_it_is_suspended(session, programme):
    number = admitted(session, programme, item())
    with pytest.raises(ListConflict):
        proposed(session, programme, item())
    decide(session, number, ItemState.SUSPENDED, actor=COMMANDER, now=NOW)
    assert proposed(session, programme, item()) != number


@pytest.mark.parametrize("wanted", [item("NONE"), item(unit="999901000000"), item(department="moon")])
def test_what_nobody_knows_is_no_matter(session, programme, wanted):
    with pytest.raises(ListUnknown):
        proposed(session, programme, wanted, DISPATCHER)


def test_the_matrix_shows_holes_and_double_leads(session, programme):
    admitted(session, programme, item())
    admitted(session, programme, item(department="police"), POLICE)
    admitted(session, programme, item(unit=TOWNSHIP_B))
    proposed(session, programme, item("O01"))
    admitted(session, programme, item("T01", department="police", part=Part.ASSIST), POLICE)
    found = matrix(session, programme, language="en")
    assert {(cell.category, cell.unit) for cell in found.doubles()} == {("E01", TOWNSHIP_A)}
    assert len(found.holes()) == len(found.cells) - 2
    cell = found.cells["O01", TOWNSHIP_A]
    assert cell.is_hole and cell.waiting == ("urban",)
    assert found.cells["T01", TOWNSHIP_A].assists == ("police",)
    assert "E" not in found.categories and "X" in found.categories  # minor classes, and major ones without any
    marks = [line.split("\t")[0] for line in lines(found, faults=True)]
    assert marks.count("+") == 1 and marks.count("-") == len(found.holes())
    assert matrix(session, programme, language="en", department="police").categories == ("E01", "T01")


def over(session, district, event_id):
    matter = matters.find(session, event_id, district.programmes.of)
    return [one.name for one in _named_over(session, matter, NOW)]


def test_who_is_named_over_a_side_is_told_else_the_post(session, district):
    employ(session)
    event_id = reported(session, district)
    side = Party(PartyKind.UNIT, VILLAGE_A)
    assert over(session, district, event_id) == []  # the township's leader, as the rules have it
    name_person(session, Named(side, Tier.HEAD, id_of("township_a")), actor=COMMANDER, now=NOW)
    assert over(session, district, event_id) == ["township_a"]
    name_person(session, Named(side, Tier.DEPUTY, id_of("leader_a")), actor=COMMANDER, now=NOW)
    name_person(session, Named(side, Tier.DEPUTY, id_of("officer_a")), actor=COMMANDER, now=NOW)
    later = [one.name for one in lists.named_for(session, side, (Tier.DEPUTY,), now=NOW.replace(year=2026))]
    assert later == ["officer_a"]  # one person a tier; who was named before is so no longer
    with pytest.raises(AccessForbidden):
        name_person(session, Named(side, Tier.HEAD, id_of("leader_a")), actor=DISPATCHER, now=NOW)


@pytest.mark.parametrize(("unit", "side", "may"), [
    (TOWNSHIP_A, f"unit:{VILLAGE_A}", True), (TOWNSHIP_A, f"unit:{TOWNSHIP_A}", True), (TOWNSHIP_B, f"unit:{TOWNSHIP_A}", False),
    (TOWNSHIP_A, "department:urban", False), (TOWNSHIP_A, "unit:999901000000", False), (VILLAGE_A, f"unit:{TOWNSHIP_A}", False),
    ("999901000000", "department:urban", True), ("", "department:urban", True), ("999902000000", f"unit:{TOWNSHIP_A}", False),
])  # fmt: skip
def test_a_commander_names_the_people_of_what_he_commands(unit, side, may):
    kind, _, code = side.partition(":")
    told = {role: names_for(Actor("person:9", "", (Post(role, unit),)), Party(PartyKind(kind), code)) for role in Role}
    assert told == {role: role is Role.ADMINISTRATOR or (role is Role.COMMANDER and may) for role in Role}


def test_named_and_listed_by_command(fresh_database, tmp_path):
    engine = engine_of(fresh_database)
    with session_scope(engine) as made:
        publish(made)
        employ(made)
    engine.dispose()
    environ = {"GEOGRID_DATABASE_URL": fresh_database, "GEOGRID_VAR": str(tmp_path), "GEOGRID_LANGUAGE": "en"}
    named = CliRunner().invoke(commands, ["name", f"unit:{VILLAGE_A}", "deputy", "leader_a"], env=environ, catch_exceptions=False)
    assert named.output == f"unit:{VILLAGE_A}\tDeputy in charge\tleader_a\n"
    shown = CliRunner().invoke(commands, ["matrix", "--faults"], env=environ, catch_exceptions=False)
    assert shown.exit_code == 1 and "nobody leads" in shown.output


def test_what_a_township_lists_holds_in_its_villages(session, programme):
    admitted(session, programme, item())
    found = matrix(session, programme, language="zh", township=TOWNSHIP_A)
    assert found.units == (VILLAGE_A,)
    assert found.cells["E01", VILLAGE_A].leads == ("urban",), "the township's lead is the village's"
    assert found.cells["E02", VILLAGE_A].is_hole


def test_a_lead_of_one_village_beside_that_of_its_township_is_a_double_there(session, programme):
    admitted(session, programme, item())
    admitted(session, programme, item(unit=VILLAGE_A, department="police"), actor=POLICE)
    assert set(matrix(session, programme, language="zh", township=TOWNSHIP_A).cells["E01", VILLAGE_A].leads) == {
        "urban",
        "police",
    }
    above = matrix(session, programme, language="zh").cells["E01", TOWNSHIP_A]
    assert (above.leads, above.below) == (("urban",), 1), "the township's cell says that a village has an entry of its own"


def test_villages_of_nowhere_are_refused(session, programme):
    with pytest.raises(ListUnknown):
        matrix(session, programme, language="zh", township=VILLAGE_A)
    with pytest.raises(ListUnknown):
        proposed(session, programme, item(unit=f"{TOWNSHIP_A[:9]}999"))


def test_who_decides_next_is_told_before_he_tries(session, programme):
    number = proposed(session, programme, item(), actor=DISPATCHER)
    found = lists.find_item(session, number)
    assert next_states(found, DISPATCHER) == {ItemState.ASSESSED: False}, "another decides than proposed"
    assert next_states(found, COMMANDER) == {ItemState.ASSESSED: True, ItemState.SUSPENDED: True}
    assert next_states(found, URBAN) == {}
    assert [one.value for one in proposes_for(URBAN, TOWNSHIP_A)] == ["urban"]
    assert len(proposes_for(COMMANDER, TOWNSHIP_A)) == 8
