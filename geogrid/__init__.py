"""geogrid: GIS-centric spatial grid management for grid-based social governance.

``geogrid.assign(events, grids, stations, ...)`` is the library's front door; it is loaded on first use, so that
importing the domain does not load a geometry stack.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "assign":
        from geogrid.space.frames import assign

        return assign
    raise AttributeError(f"module 'geogrid' has no attribute {name!r}")
