"""``environment.yml`` serves conda users with the same names and bounds as ``pyproject.toml``."""

from __future__ import annotations

import re
import tomllib

from geogrid.settings import ROOT
from geogrid.store.binaries import LEAST_POSTGIS, LEAST_POSTGRES, version_of

CONDA_NAMES = {"osmium": "pyosmium", "tzdata": "python-tzdata"}
NOT_IN_CONDA_FORGE = {"flask-openapi", "flask-openapi-swagger", "opencc", "opening-hours-py", "playwright", "prcoords"}
BEYOND_PYTHON = {"postgresql", "postgis", "pgrouting", "nodejs", "fontconfig", "python"}


def split(requirement: str) -> tuple[str, str]:
    """Name and bound of one line: ``psycopg[binary]>=3.3,<4`` is ("psycopg", ">=3.3,<4"); extras exist for pip alone."""
    name, bound = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?(.*)", requirement).groups()
    return name.lower(), bound.replace(" ", "")


def environment() -> tuple[dict[str, str], dict[str, str]]:
    """What ``environment.yml`` takes from conda and, deeper indented, from pip."""
    text = (ROOT / "environment.yml").read_text("utf-8").split("dependencies:")[1]
    conda, pip = re.findall(r"^  - ([\w][^\n:]*)$", text, re.MULTILINE), re.findall(r"^      - (.+)$", text, re.MULTILINE)
    return dict(map(split, conda)), dict(map(split, pip))


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_names_and_bounds_follow_the_project():
    wanted = dict(map(split, [*project()["dependencies"], *project()["optional-dependencies"]["dev"]]))
    conda, pip = environment()
    from_pip = {name: bound for name, bound in wanted.items() if name in NOT_IN_CONDA_FORGE}
    from_conda = {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items() if name not in from_pip}
    assert pip == from_pip
    assert {name: bound for name, bound in conda.items() if name not in BEYOND_PYTHON} == from_conda


def test_server_and_python_are_included_with_our_bounds():
    conda, _ = environment()
    assert conda.keys() >= BEYOND_PYTHON
    assert conda["python"] == project()["requires-python"]
    assert version_of(conda["postgresql"])[0] == LEAST_POSTGRES[0]
    assert version_of(conda["postgis"]) == LEAST_POSTGIS


def test_the_lock_holds_what_the_project_names():
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    wanted = {split(line)[0] for line in [*project()["dependencies"], *project()["optional-dependencies"]["dev"]]}
    assert not wanted - {name.lower() for name in locked}
