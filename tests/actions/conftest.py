"""A small district with one edition in force: in a session that is rolled back, or committed in a database of its own."""

from __future__ import annotations

import pytest

from geogrid.actions.district import district_of
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import profile, publish


@pytest.fixture
def district(session):
    """The small district, its first edition in force, in the session of the test."""
    publish(session)
    return district_of(profile(), session)


@pytest.fixture
def live(fresh_database):
    """An engine on a database of its own where the first edition is in force and committed."""
    engine = engine_of(fresh_database, pool_size=30)
    migrate(engine)
    with session_scope(engine) as session:
        publish(session)
    yield engine
    engine.dispose()
