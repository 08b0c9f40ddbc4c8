"""The small made-up district, built once a run: a folder of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def small_twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of the small twin of seed 1: ``units.parquet`` ... ``truth.parquet``, ``district.gpkg``."""
    from etl.synthesise import SMALL, build_twin, write_twin
    from geogrid.domain.profiles import parse_profile

    folder = tmp_path_factory.mktemp("small_twin")
    profile = parse_profile((ROOT / "data/profiles/999901.toml").read_text(encoding="utf-8"))
    write_twin(build_twin(profile, 1, size=SMALL), folder)
    return folder
