"""An installation of four grids for the tests of pages and API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.build_installation import Small, small_installation


@pytest.fixture
def small(fresh_database, tmp_path) -> Iterator[Small]:
    """A small installation of this test alone, with real commits."""
    with small_installation(tmp_path / "var", fresh_database) as made:
        yield made
