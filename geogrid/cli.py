"""``geogrid ...``: the commands of the platform. Other packages add theirs by entry point, so that no arrow points up."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

import click

from geogrid.errors import GeogridError


class _Commands(click.Group):
    """Collects the commands of every package on first use; a command's own imports stay inside it, so that help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._collect()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._collect()
        return super().get_command(ctx, cmd_name)

    def _collect(self) -> None:
        for point in sorted(entry_points(group="geogrid.commands"), key=lambda p: p.name):
            for command in point.load().COMMANDS:
                self.add_command(command)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="geogrid")
def root() -> None:
    """geogrid: spatial grid management for grid-based social governance."""


def main() -> None:
    """Run the command line; an error of the house is one message in the user's language and exit code 1."""
    try:
        root(standalone_mode=True)
    except GeogridError as error:
        click.echo(f"{error.code}: {error.message(command_language(os.environ))}", err=True)
        if error.where:
            click.echo(f"  {error.where}", err=True)
        sys.exit(1)


def command_language(environ: os._Environ[str]) -> str:
    """Return the language of messages in the terminal: ``GEOGRID_LANGUAGE``, else the locale's, else zh."""
    chosen = environ.get("GEOGRID_LANGUAGE", "")
    locale = environ.get("LC_ALL") or environ.get("LANG") or ""
    return chosen or ("en" if locale.startswith(("en", "C", "POSIX")) else "zh")
