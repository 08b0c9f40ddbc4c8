"""Every place's programme walked by distinct people from the report to the archive, and by its ways out."""

from __future__ import annotations

import pytest

from geogrid.domain.matters import Matter
from geogrid.domain.people import SYSTEM, Role
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import (
    EvidenceInvalid,
    EvidenceMissing,
    RoleMissing,
    SamePerson,
    StepNotAllowed,
    WithinPassed,
)
from geogrid.rules.workflow import possible, proposed_triage
from tests.rules.lives import (
    BOTH,
    CITIZEN,
    CLERK,
    COMMANDER,
    DISPATCHER,
    LEADER,
    MEDIATOR,
    OFFICER,
    OPERATOR,
    TOWN,
    URBAN,
    VERIFIER,
    VISITOR,
    agreed,
    begun,
    defusing,
    live,
    no_clock_runs,
    shipped,
    states,
)  # fmt: skip
from tests.rules.people import DISTRICT, TOWNSHIP, VILLAGE, person

COURT = person(Role.DEPARTMENT, "court", department="court")
COUNTER = person(Role.WINDOW_CLERK, "counter", unit=VILLAGE)


# -- Kulun ------------------------------------------------------------------------------------------------------------


def test_kulun_answers_consultations_closes_immediate_items_and_reports_agent_items_upward():
    tail = (("verify", VERIFIER, {"note": "called back"}), ("close", DISPATCHER, {"note": "done"}), ("archive", SYSTEM))
    asked = live(begun("kulun_hotline", "Q01"), ("accept", OPERATOR), ("reply", CLERK, {"note": "so"}), *tail)
    assert (asked.state, [run.clock for run in asked.clocks]) == ("archived", ["accept", "answer", "handle", "verify"])
    solved = live(
        begun("kulun_hotline", "E01"),
        ("accept", OPERATOR),
        ("solve", OFFICER, {"note": "gone"}),
        *tail,
    )
    assert [run.clock for run in solved.clocks] == ["accept", "close", "handle", "verify"]
    agent = live(
        begun("kulun_hotline", "S01"),
        ("accept", OPERATOR),
        ("report_up", LEADER, {"note": "needs the township"}),
        ("take_on", TOWN),
        ("handle", TOWN, {"note": "fetched"}),
        *tail,
    )
    assert [run.clock for run in agent.clocks] == ["accept", "report_up", "handle", "verify"]
    assert (agent.level, agent.owner) == ("township", Party(PartyKind.UNIT, TOWNSHIP))
    assert all(no_clock_runs(found) for found in (asked, solved, agent))


def test_kulun_closes_with_a_trace_and_not_by_who_answered():
    answered = live(begun("kulun_hotline", "Q"), ("accept", OPERATOR), ("reply", OPERATOR, {"note": "so"}))
    with pytest.raises(SamePerson):
        live(answered, ("verify", OPERATOR, {"note": "fine"}))
    verified = live(answered, ("verify", LEADER, {"note": "fine"}))
    with pytest.raises(EvidenceMissing):
        live(verified, ("close", DISPATCHER))
    with pytest.raises(SamePerson):
        live(verified, ("close", OPERATOR, {"note": "done"}))


def test_kulun_reports_only_agent_items_upward():
    accepted = live(begun("kulun_hotline", "E01"), ("accept", OPERATOR))
    with pytest.raises(StepNotAllowed):
        live(accepted, ("report_up", LEADER, {"note": "x"}))


# -- Lixia ------------------------------------------------------------------------------------------------------------


def test_lixia_finds_assigns_handles_and_reports_back():
    done = live(
        begun("lixia_command", "C01", channel="hotline"),
        ("open", DISPATCHER),
        ("dispatch", DISPATCHER, {"party": "department:urban"}),
        ("take_on", URBAN),
        ("blow", TOWN, {"party": "department:police", "reason": "traffic"}),
        ("answer", person(Role.DEPARTMENT, "police", department="police")),
        ("report_back", URBAN, {"note": "replaced"}),
        ("verify", VERIFIER, {"note": "seen on site"}),
        ("close", COMMANDER),
        ("rate", CITIZEN, {"rating": 5}),
        ("archive", SYSTEM),
    )
    assert states(done) == ["found", "opened", "assigned", "in_hand", "reported_back", "verified", "closed", "archived"]
    assert no_clock_runs(done)
    assert len(shipped("lixia_command").channels) == 7


def test_lixia_solves_on_patrol_sends_down_and_whistles_for_departments_alone():
    solved = live(begun("lixia_command", "E01"), ("solve", OFFICER, {"note": "cleared"}))
    assert solved.state == "reported_back"
    by_phone = begun("lixia_command", "E01", channel="hotline")
    with pytest.raises(StepNotAllowed):
        live(by_phone, ("solve", OFFICER, {"note": "cleared"}))
    given = live(by_phone, ("open", DISPATCHER), ("dispatch", DISPATCHER, {"party": f"unit:{TOWNSHIP}"}))
    up = live(given, ("escalate", TOWN, {"reason": "ours alone"}))
    down = live(up, ("send_down", TOWN, {"reason": "the community's"}))
    assert (up.owner.code, down.owner.code) == (TOWNSHIP, VILLAGE)
    with pytest.raises(EvidenceInvalid):
        live(given, ("blow", TOWN, {"party": f"unit:{VILLAGE}", "reason": "x"}))


# -- Hulunbuir --------------------------------------------------------------------------------------------------------


def test_hulunbuir_goes_seven_steps_and_revisits_before_the_archive():
    closed = live(
        defusing("complex"),
        ("session", MEDIATOR, {"note": "online"}),
        ("agree", MEDIATOR, {"agreement": "paper 3"}),
        ("close", CLERK, {"note": "in order"}),
    )
    assert (closed.outcome, Party(PartyKind.TEAM, "circuit") in closed.assisting) == ("settled", True)
    with pytest.raises(StepNotAllowed):
        live(closed, ("archive", DISPATCHER))
    done = live(closed, ("revisit", VERIFIER, {"note": "kept"}), ("archive", DISPATCHER))
    walked = ["reported", "gathered", "diverted", "studied", "defusing", "agreed", "closed", "revisited", "archived"]
    assert (states(done), no_clock_runs(done)) == (walked, True)


def test_hulunbuir_defuses_what_is_simple_at_once_and_studies_what_is_complex_with_others():
    gathered = live(begun("hulunbuir_mediation", "D07"), ("gather", CLERK))
    simple = live(gathered, ("divert", DISPATCHER, {"party": "station:property", "complexity": "simple"}))
    mediator = person(Role.MEDIATOR, "station", station="property")
    assert live(simple, ("defuse_at_once", mediator, BOTH)).state == "defusing"
    with pytest.raises(RoleMissing):
        live(simple, ("defuse_at_once", person(Role.MEDIATOR, station="medical"), BOTH))
    divert = {"party": f"unit:{VILLAGE}", "complexity": "complex"}
    complex_one = live(gathered, ("divert", DISPATCHER, divert))
    assert {"study", "defuse_at_once"} & {step.code for step in possible(shipped("hulunbuir_mediation"), complex_one)} == set()


def test_hulunbuir_transfers_to_a_court_which_takes_it_over_or_sends_it_back():
    asked = live(defusing(), ("transfer", MEDIATOR, {"party": "department:court", "reason": "no agreement"}))
    assert asked.state == "defusing"
    sent = live(asked, ("approve", DISPATCHER, {"proposal": asked.proposals[0].seq}))
    assert (sent.state, sent.owner) == ("transferred", Party(PartyKind.DEPARTMENT, "court"))
    taken = live(sent, ("taken_over", COURT, {"note": "case 1"}), ("revisit", VERIFIER, {"note": "x"}))
    assert (taken.state, taken.outcome) == ("revisited", "transferred")
    back = live(sent, ("sent_back", COURT, {"reason": "mediate first"}))
    assert (back.state, back.owner) == ("diverted", Party(PartyKind.UNIT, VILLAGE))


def test_a_court_that_refers_a_dispute_is_its_first_owner():
    referred = begun("hulunbuir_mediation", "D06", channel="department", asked=Party(PartyKind.DEPARTMENT, "court"))
    assert referred.first_owner == Party(PartyKind.DEPARTMENT, "court")


def test_hulunbuir_in_five_steps():
    divert = {"party": "station:medical", "complexity": "complex"}
    done = live(
        begun("hulunbuir_five", "D03"),
        ("take", CLERK),
        ("divert", DISPATCHER, divert),
        ("defuse", MEDIATOR, BOTH),
        ("join", MEDIATOR, {"party": ["department:health", "department:court"], "reason": "experts"}),
        ("dispose", MEDIATOR, {"agreement": "paper 3"}),
        ("close", CLERK, {"note": "in order"}),
        ("archive", SYSTEM),
    )
    assert states(done) == ["reported", "taken", "diverted", "defusing", "joined", "disposed", "closed", "archived"]
    assert ([party.code for party in done.assisting], done.outcome) == (["health", "court"], "settled")


# -- Dongmaopu --------------------------------------------------------------------------------------------------------


def test_dongmaopu_writes_handles_and_rates_small_matters_in_the_grid():
    done = live(
        begun("dongmaopu_form", "E01"),
        ("sort", LEADER),
        ("give", LEADER, {"party": "person:officer"}),
        ("handle_small", OFFICER, {"note": "cleared"}),
        ("rate", CITIZEN, {"rating": 4}),
        ("close", CLERK),
        ("archive", CLERK),
    )
    assert states(done) == ["written", "sorted", "in_hand", "handled", "rated", "closed", "archived"]
    assert (done.level, done.rating, no_clock_runs(done)) == ("grid", 4, True)


def test_dongmaopu_keeps_large_matters_in_the_village():
    given = live(
        begun("dongmaopu_form", "A01"),
        ("sort", LEADER),
        ("give", LEADER, {"party": f"unit:{VILLAGE}"}),
    )
    assert {"handle_small", "handle_large"} & {step.code for step in possible(shipped("dongmaopu_form"), given)} == set()
    up = live(given, ("escalate", OFFICER, {"reason": "large"}))
    assert (up.level, up.owner) == ("village", Party(PartyKind.UNIT, VILLAGE))
    again = live(up, ("give", CLERK, {"party": f"unit:{VILLAGE}"}), ("handle_large", CLERK, {"note": "pump"}))
    assert again.state == "handled"


def test_the_citizen_picks_the_mediator_who_may_come_from_elsewhere():
    written = live(begun("dongmaopu_form", "D01"), ("sort", LEADER))
    with pytest.raises(EvidenceInvalid):
        live(written, ("pick", CITIZEN, {"party": "department:urban"}))
    with pytest.raises(EvidenceMissing):
        live(written, ("pick_for", CLERK, {"party": "person:chosen"}))
    picked = live(written, ("pick", CITIZEN, {"party": "person:chosen"}))
    chosen = person(Role.MEDIATOR, "chosen", unit="999901002001")
    with pytest.raises(RoleMissing):
        live(picked, ("mediate", person(Role.MEDIATOR, "other", unit="999901002001"), BOTH))
    settled = live(picked, ("mediate", chosen, BOTH), ("settle", chosen, {"agreement": "paper 3"}))
    assert (settled.state, settled.outcome) == ("handled", "settled")
    assert live(settled, ("reject", CITIZEN, {"reason": "not kept"})).state == "sorted"


# -- Jinan: enterprises -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("category", "step", "details", "owner"), [
    ("B05", "self", {}, f"unit:{TOWNSHIP}"),
    ("B01", "joint", {"party": "department:labour"}, f"unit:{TOWNSHIP}"),
    ("B02", "transfer", {"party": "department:urban"}, "department:urban"),
])  # fmt: skip
def test_the_visiting_body_handles_itself_jointly_or_transfers(category, step, details, owner):
    hand = URBAN if step == "transfer" else TOWN
    done = live(
        begun("jinan_enterprise", category),
        ("record", VISITOR),
        (step, VISITOR, details),
        ("handle", hand, {"note": "done"}),
        ("verify", VISITOR, {"note": "the firm agrees"}),
        ("close", DISPATCHER),
        ("rate", CITIZEN, {"rating": 5}),
        ("archive", SYSTEM),
    )
    assert (str(done.owner), done.state, no_clock_runs(done)) == (owner, "archived", True)
    assert [str(party) for party in done.assisting] == ([details["party"]] if step == "joint" else [])


def test_what_is_outside_the_remit_passes_to_the_reform_office():
    given = live(
        begun("jinan_enterprise", "B03"),
        ("record", VISITOR),
        ("hand_over", VISITOR, {"reason": "land"}),
    )
    assert (given.state, given.level, given.owner) == ("at_office", "district", Party(PartyKind.UNIT, DISTRICT))
    visited = live(given, ("office_visit", DISPATCHER, {"note": "seen"}), ("key_list", DISPATCHER, {"note": "large"}))
    for step, details in (("office_transfer", {"reason": "theirs"}), ("office_consult", {"note": "one leads"})):
        led = live(visited, (step, DISPATCHER, {"party": "department:urban", **details}))
        assert (led.state, led.lead, led.key_listed) == ("in_hand", Party(PartyKind.DEPARTMENT, "urban"), True)
        assert live(led, ("office_supervise", DISPATCHER, {"note": "hurry"})).supervised
    with pytest.raises(EvidenceMissing):
        live(led, ("milestone", URBAN, {"note": "plan made"}))
    told = {"note": "plan made", "next": "permit", "next_date": "2025-07-01"}
    followed = live(led, ("milestone", URBAN, told), ("handle", URBAN, {"note": "built"}))
    assert [run.clock for run in followed.clocks if run.is_running] == ["verify"]
    assert sum(run.clock == "milestone" for run in followed.clocks) == 2


# -- Jinan: courts ----------------------------------------------------------------------------------------------------


def at_court(amount: float | None) -> Matter:
    claim = {} if amount is None else {"amount_yuan": amount}
    return live(begun("jinan_court", "D01"), ("sort", DISPATCHER, claim), ("to_court", CITIZEN))


def test_a_court_mediates_first_and_confirms_what_both_sides_ask_for():
    done = live(
        agreed(),
        ("request_confirmation", CITIZEN, BOTH),
        ("confirm", VERIFIER, {"note": "ruling 1"}),
        ("close", CLERK, {"note": "served"}),
        ("archive", CLERK),
    )
    walked = ["received", "sorted", "delegated", "mediating", "agreed", "confirming", "confirmed", "closed", "archived"]
    assert (states(done), done.outcome, no_clock_runs(done)) == (walked, "confirmed", True)


def test_confirmation_is_asked_for_by_both_within_thirty_days_of_the_agreement():
    """Agreed on 18 June: the thirtieth day is 18 July, to its end. Of 5 September it is 5 October: free, so 9 October counts."""
    with pytest.raises(EvidenceMissing):
        live(agreed(), ("request_confirmation", CITIZEN, {"consent": "paper 1"}))
    assert live(agreed(), ("request_confirmation", CITIZEN, BOTH), when="2025-07-18T23:59").state == "confirming"
    with pytest.raises(WithinPassed):
        live(agreed(), ("request_confirmation", CITIZEN, BOTH), when="2025-07-19T00:01")
    autumn = agreed("2025-09-05T09:00")
    assert live(autumn, ("request_confirmation", CITIZEN, BOTH), when="2025-10-09T23:59").state == "confirming"
    with pytest.raises(WithinPassed):
        live(autumn, ("request_confirmation", CITIZEN, BOTH), when="2025-10-10T00:01")


@pytest.mark.parametrize(("amount", "offered", "complexity"), [
    (0, {"file_small"}, "simple"),
    (50_000, {"file_small"}, "simple"),
    (50_000.01, {"file_small_by_choice"}, "general"),
    (100_000, {"file_small_by_choice"}, "general"),
    (100_000.01, set(), "complex"),
    (None, set(), "general"),
])  # fmt: skip
def test_the_amount_decides_the_procedure(amount, offered, complexity):
    waiting = at_court(amount)
    codes = {step.code for step in possible(shipped("jinan_court"), waiting, CLERK) if step.code.startswith("file_")}
    assert codes == offered | {"file_summary", "file_ordinary"}
    triage = proposed_triage(shipped("jinan_court"), waiting)
    assert triage is not None and triage[0] == complexity
    assert live(waiting, ("file_summary", CLERK, {"note": "case 1"})).outcome == "transferred"


def test_small_claims_by_choice_need_the_choice_of_both():
    with pytest.raises(EvidenceMissing):
        live(at_court(80_000), ("file_small_by_choice", CLERK, {"note": "case 1"}))
    assert live(at_court(80_000), ("file_small_by_choice", CLERK, {"note": "case 1", **BOTH})).state == "closed"
