"""What a citizen may do, somebody at a counter or on the telephone may record for him, saying how he was asked."""

from __future__ import annotations

import pytest

from geogrid.actions.programmes import shipped_programmes
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme, StepRule

COUNTERS = frozenset({Role.WINDOW_CLERK, Role.HOTLINE_OPERATOR, Role.MEDIATOR})
PROGRAMMES = shipped_programmes("hulan").by_code
OF_CITIZENS = [
    pytest.param(programme, step, id=f"{programme.code}-{step.code}")
    for programme in PROGRAMMES.values()
    for step in programme.steps
    if Role.CITIZEN in step.roles
]


def standing_in(programme: Programme, step: StepRule) -> list[StepRule]:
    """The steps of counters that do the same from wherever the citizen's step is taken."""
    same = (step.kind, step.to, step.does, step.when, set(step.from_states))
    return [
        other
        for other in programme.steps
        if COUNTERS & set(other.roles) and (other.kind, other.to, other.does, other.when, set(other.from_states)) == same
    ]


@pytest.mark.parametrize(("programme", "step"), OF_CITIZENS)
def test_a_counter_can_record_what_a_citizen_does(programme, step):
    assert standing_in(programme, step)


@pytest.mark.parametrize(("programme", "step"), OF_CITIZENS)
def test_who_records_it_gives_all_that_the_citizen_gives_and_says_how_he_was_asked(programme, step):
    whole = [other for other in standing_in(programme, step) if set(step.requires) <= set(other.requires)]
    assert any(other is step or "note" in other.requires for other in whole)


@pytest.mark.parametrize(("programme", "step"), OF_CITIZENS)
def test_clocks_run_and_stop_alike_for_both(programme, step):
    for other in standing_in(programme, step):
        if "note" not in other.requires:  # a step of its own, that happens to lead the same way
            continue
        for clock in programme.clocks:
            for named in (clock.starts_on, clock.stops_on):
                assert (step.code in named) == (other.code in named), clock.code
