"""The commands that etl adds to ``geogrid``."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
