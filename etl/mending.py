"""What was mended in a row that was read, on its way to being stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mending:
    """What was mended in a row: a code of ``etl.report.MENDINGS`` and how often."""

    row: int
    code: str
    count: int = 1
