"""The made-up district (模拟区): a real district's size, nobody's names, every row marked ``synthetic``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from etl.synthesise.sizes import HULAN, SIZES, SMALL, TwinSize

if TYPE_CHECKING:
    from etl.synthesise.build import World, build_twin, build_world
    from etl.synthesise.write import write_parts, write_twin

__all__ = ["HULAN", "SIZES", "SMALL", "TwinSize", "World", "build_twin", "build_world", "write_parts", "write_twin"]

_ROOMS = {"World": "build", "build_twin": "build", "build_world": "build", "write_parts": "write", "write_twin": "write"}


def __getattr__(name: str) -> Any:
    """Load what builds on first use: the command line lists its commands without the geometry stack."""
    if name not in _ROOMS:
        raise AttributeError(name)
    return getattr(import_module(f"etl.synthesise.{_ROOMS[name]}"), name)
