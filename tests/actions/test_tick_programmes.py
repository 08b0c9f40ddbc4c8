"""Every shipped programme under the tick: matters left to run out tell each alarm once, fail nowhere, and stay whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from geogrid.actions.fsck import fsck
from geogrid.errors import GeogridError
from geogrid.rules.alarms import alarms
from geogrid.rules.notices import called_for, phases_told
from geogrid.store import matters
from tests.actions.test_tick import run_until_quiet
from tests.build_district import NOW, profile
from tests.build_life import reported, take
from tests.build_people import employ
from tests.rules.lives import CODES, WHOLE

DAYS = 25


def expected(session, district, event_id, until) -> set[str]:
    """The occasions of clocks that the matter's marks alone amount to."""
    matter = matters.find(session, event_id, district.programmes.of)
    programme = district.programmes.of(matter.programme, matter.version)
    time, found = district.programmes.time_of(programme), set()
    for number, run in enumerate(matter.clocks, start=1):
        rule, phases = programme.clock(run.clock), phases_told(programme, run.clock)
        for alarm in alarms(rule, run.limit, run.marks, since=None, until=until, time=time):
            on = f"clock:{run.clock}:{alarm.phase}"
            key = f"{on}:{event_id}:{number}:{alarm.at.astimezone(UTC).isoformat()}"
            found |= {f"{key}:{told.code}" for told in called_for(programme, on) if alarm.phase in phases}
    return found


@pytest.mark.parametrize("code", CODES)
def test_matters_left_alone_ring_once_for_each_alarm_and_stay_whole(session, district, tmp_path, code):
    employ(session)
    of = replace(district, programmes=replace(district.programmes, default_code=code))
    rng = np.random.default_rng(len(code))
    kind, steps = WHOLE[code]
    now, until = NOW, NOW + timedelta(days=DAYS)
    lengths = [0, *(int(length) for length in rng.integers(1, len(steps), 3))]  # one is left alone from the beginning
    waiting = [(reported(session, of, kind=kind), list(steps[:length])) for length in lengths]
    while now < until:
        now = min(now + timedelta(minutes=int(rng.integers(10, 2500))), until)
        for event_id, left in waiting:
            if left and rng.random() < 0.4:
                step, actor, details = left.pop(0)
                try:
                    with session.begin_nested():
                        take(session, of, event_id, step, actor, now=now, **details)
                except GeogridError:
                    left.clear()  # the platform moved it on meanwhile
        failures = [failure for done in run_until_quiet(session, of, now) for failure in done.failures]
        assert failures == []
    told = list(session.scalars(text("SELECT occasion FROM notices WHERE occasion LIKE 'clock:%'")))
    assert set(told) == set().union(*(expected(session, of, event_id, until) for event_id, _ in waiting))
    assert len(told) == len(set(told)) > 0
    assert fsck(session, var_dir=tmp_path, now=until, profile=profile(), programmes=of.programmes) == []
