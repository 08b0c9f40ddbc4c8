"""The commands that etl adds to ``geogrid``. Their modules import little; what works is imported when a command runs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import click

PATHS = (
    "etl.synthesise.command:twin",
    "etl.load_command:load",
    "etl.assign_command:assign",
    "etl.doctor:doctor",
    "etl.jobs:jobs",
    "etl.recast_command:recast",
    "etl.circles_command:circles",
    "etl.effect_command:circles_effect",
    "etl.unreached_command:unreached",
    "etl.find_command:find",
    "etl.hotspots_command:hotspots",
    "etl.hotline_command:hotline",
    "etl.notices_command:notices",
    "etl.replay_command:replay",
)


def _found() -> Iterator[click.Command]:
    for path in PATHS:
        module, name = path.split(":")
        if find_spec(module) is not None:
            yield getattr(import_module(module), name)


COMMANDS: tuple[click.Command, ...] = tuple(_found())
