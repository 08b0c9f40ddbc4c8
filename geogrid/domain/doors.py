"""Doors: what a screen on a wall shows, and what requests are counted as."""

from __future__ import annotations

from geogrid.domain.labelled import LabelledEnum


class WallView(LabelledEnum):
    """What the token of a screen on a wall opens: one view and nothing else."""

    MAP = "map", "Map"


class Allowance(LabelledEnum):
    """What a request is counted as; each has a number a minute of its own."""

    ASK = "ask", "Requests"
    EXPORT = "export", "Exports"
    REVEAL = "reveal", "Reveals"
