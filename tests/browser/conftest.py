"""Installations that a browser can open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.browsers import served
from tests.build_installation import Small, ports, small_installation

expect.set_options(timeout=30_000)  # as long as everything else waits: of what comes in the end, a busy machine makes no failure


@pytest.fixture
def installed(fresh_database: str, tmp_path: Path) -> Iterator[Small]:
    """A small installation on ports of its own that nobody serves yet."""
    with small_installation(tmp_path / "var", fresh_database, **ports()) as small:
        yield small


@pytest.fixture
def serving(installed: Small) -> Iterator[Small]:
    """A small installation that a browser can open."""
    with served(installed):
        yield installed


@pytest.fixture
def streaming(installed: Small) -> Iterator[Small]:
    """A small installation that a browser can open, its stream beside it."""
    with served(installed, stream=True):
        yield installed
