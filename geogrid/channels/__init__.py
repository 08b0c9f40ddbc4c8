"""How reports come in: a payload of plain values becomes a checked ``Report``; nothing is converted but its form."""

from geogrid.channels.points import checked_point
from geogrid.channels.registry import FORMS, parse
from geogrid.channels.words import kind_of

__all__ = ["FORMS", "checked_point", "kind_of", "parse"]
