"""``geogrid figures ...``: list the figures that are defined, check the file that defines them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from geogrid.cli import language
from geogrid.texts import translate


@click.group()
def figures() -> None:
    """List the figures that are defined, check the file that defines them."""


@figures.command("list")
def list_figures() -> None:
    """List the figures of the book: code, name, what it is."""
    from geogrid.cli.programme_files import text_of
    from geogrid.rules.indicators import parse_book

    path = _book()
    for one in parse_book(text_of(path), path.name).figures:
        click.echo(f"{one.code}\t{one.title.text(language())}\t{one.note.text(language())}")


@figures.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def check_figures(context: click.Context, files: tuple[Path, ...]) -> None:
    """Check books of figures: FILES, or the one that the settings name.

    What is wrong is named by file, line and place; the exit code is 1 then.
    """
    from geogrid.cli.programme_files import text_of
    from geogrid.rules.indicators import read

    broken = False
    for path in files or (_book(),):
        book, faults = read(text_of(path), path.name)
        for fault in faults:
            click.echo(f"{path}:{fault}")
        broken |= bool(faults)
        if book is not None and not faults:
            said = translate("{name}: {count} figures, sound", language())
            click.echo(said.format(name=book.title.text(language()), count=len(book.figures)))
    if broken:
        context.exit(1)


def _book() -> Path:
    from geogrid.settings import read_settings

    return read_settings(os.environ).indicators_path


COMMANDS = (figures,)
