"""A session with one edition of the small district, loaded (its id): rows of tables hang on it."""

from __future__ import annotations

import pytest

from geogrid.store import editions
from tests.build_district import NOW


@pytest.fixture
def edition_id(session) -> int:
    return editions.add(session, "test", now=NOW).id
