"""The commands that etl adds to ``geogrid``."""

from __future__ import annotations

import click

from etl.doctor import doctor

COMMANDS: tuple[click.Command, ...] = (doctor,)
