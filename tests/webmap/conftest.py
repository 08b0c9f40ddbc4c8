"""An installation of four grids for the tests of pages and API."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from geogrid.store.cluster import cluster_url, create_database, drop_database
from tests.build_installation import Small, small_installation


@pytest.fixture
def small(fresh_database, tmp_path) -> Iterator[Small]:
    """A small installation of this test alone, with real commits."""
    with small_installation(tmp_path / "var", fresh_database) as made:
        yield made


@pytest.fixture(scope="session")
def shared(cluster_dir, template, tmp_path_factory) -> Iterator[Small]:
    """A small installation that many tests ask; what is in it is not counted on."""
    name = f"shared_{uuid4().hex[:12]}"
    create_database(cluster_dir, name, template=template)
    with small_installation(tmp_path_factory.mktemp("shared") / "var", cluster_url(cluster_dir, name)) as made:
        yield made
    drop_database(cluster_dir, name)


@pytest.fixture
def client(shared) -> FlaskClient:
    """A browser logged in as commander of the district, on the installation that many tests ask."""
    return shared.client()


@pytest.fixture
def login_as(shared):
    """``login_as(Role.OFFICER, unit=..., department=...)``: a browser logged in as somebody new with these posts."""
    return shared.login_as
