"""Events remembered: what tells open pages that they are behind."""

from __future__ import annotations

from geogrid.store import events


def test_every_reload_counts_from_the_first_one_on(session):
    """Sequences are not rolled back, so the number is compared, not fixed; the very first call must count too."""
    before = events.reloads(session)
    events.tell_reload(session)
    assert events.reloads(session) == before + 1
    events.tell_reload(session)
    assert events.reloads(session) == before + 2
