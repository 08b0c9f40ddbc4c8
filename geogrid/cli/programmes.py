"""``geogrid programme ...`` and ``geogrid due``: look at the rules of programmes, check them, count their clocks."""

from __future__ import annotations

import click


@click.group()
def programme() -> None:
    """List programmes, check their rules, draw their workflows."""


COMMANDS = [programme]
