"""A whole life under every shipped programme, stored step by step: the projection follows, and fsck finds nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from geogrid.actions.fsck import fsck
from tests.build_district import NOW, profile
from tests.build_life import assert_follows, event_row, matter_row, reported, take
from tests.rules.lives import CODES, WHOLE


def test_every_programme_has_a_life():
    assert sorted(WHOLE) == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_whole_life_is_stored_as_it_was_lived(session, district, tmp_path, code):
    of = replace(district, programmes=replace(district.programmes, default_code=code))
    kind, steps = WHOLE[code]
    event_id = reported(session, of, kind=kind)
    for i, (step, actor, details) in enumerate(steps, start=1):
        take(session, of, event_id, step, actor, hours=i / 4, **details)
        assert_follows(session, of, event_id)
    assert matter_row(session, event_id).programme == code
    assert event_row(session, event_id).state == "archived"
    now = NOW + timedelta(hours=10)
    assert fsck(session, var_dir=tmp_path, now=now, profile=profile(), programmes=of.programmes) == []
