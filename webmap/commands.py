"""The commands that webmap adds to ``geogrid``."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
