"""Random lives in the store, under every programme: whatever is taken, asked, refused or timed out, fsck finds nothing.

``GEOGRID_WALKS`` sets how many lives a programme has.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from geogrid.actions.district import district_of
from geogrid.actions.fsck_matters import broken_matters
from geogrid.actions.steps import TakeStep, take_step
from geogrid.actions.tick import tick
from geogrid.domain.events import EventKind
from geogrid.errors import GeogridError
from geogrid.store import matters
from tests.build_district import IN_A1, IN_A2, NOW, profile, publish
from tests.build_life import matter_row, reported
from tests.laws.test_workflow import PROGRAMMES, choices, made

WALKS = int(os.environ.get("GEOGRID_WALKS", "3"))
LONGEST = 14


@pytest.mark.parametrize("code", PROGRAMMES)
def test_a_random_life_leaves_nothing_for_fsck(session, code):
    publish(session)
    known = district_of(profile(), session)
    district = replace(known, programmes=replace(known.programmes, default_code=code))
    of, rng, now = district.programmes.of(code), np.random.default_rng(11), NOW
    for _ in range(WALKS):
        kind = list(EventKind)[int(rng.integers(len(EventKind)))]
        event_id = reported(session, district, [IN_A1, IN_A2][int(rng.integers(2))], kind=kind, now=now)
        first = matter_row(session, event_id).first_owner
        for _ in range(LONGEST):
            found = matters.find(session, event_id, district.programmes.of)
            offered = choices(of, found)
            if not offered:
                break
            step, actor = offered[int(rng.integers(len(offered)))]
            now += timedelta(minutes=int(rng.integers(0, 900)))
            command = TakeStep(event_id, step, actor, made(of, rng, found, step), base_seq=found.taken[-1].seq)
            try:
                with session.begin_nested():
                    take_step(session, command, now=now, district=district)
            except GeogridError:
                continue
        row = matter_row(session, event_id)
        assert (row.first_owner, bool(row.owner)) == (first, True)
    while tick(session, now=now, district=district).looked:
        pass
    told = {"programmes": district.programmes, "county": district.profile.code, "danger": district.danger}
    assert list(broken_matters(session, now=now, **told)) == []
