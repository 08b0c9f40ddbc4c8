"""Read the kinds of disputes that a district's data folder states."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from geogrid.domain.dispute_kinds import DisputeKinds, parse_kinds
from geogrid.settings import ROOT

FILE = "mediation.toml"


@lru_cache(maxsize=4)
def read_kinds(data_dir: Path = ROOT / "data") -> DisputeKinds:
    """Return the kinds of ``mediation.toml``; a folder without one takes those that are shipped. Raises SetupError."""
    path = data_dir / FILE
    return parse_kinds((path if path.is_file() else ROOT / "data" / FILE).read_text(encoding="utf-8"), FILE)
