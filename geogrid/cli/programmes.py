"""``geogrid programme ...`` and ``geogrid due``: list programmes, check their rules, draw their workflows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geogrid.cli import language
from geogrid.cli.due import due
from geogrid.texts import translate

if TYPE_CHECKING:
    from geogrid.domain.programmes import Programme


@click.group()
def programme() -> None:
    """List programmes, check their rules, draw their workflows."""


@programme.command("list")
def list_programmes() -> None:
    """List the programmes of the data folder: code, version, name, how many states, steps and clocks."""
    from geogrid.cli.programme_files import programme_of, shipped

    for path in shipped():
        found = programme_of(str(path))
        counts = f"{len(found.states)}\t{len(found.steps)}\t{len(found.clocks)}"
        click.echo(f"{found.code}\t{found.version}\t{found.title.text(language())}\t{counts}")


@programme.command("check")
@click.argument("files", nargs=-1)
@click.pass_context
def check_programmes(context: click.Context, files: tuple[str, ...]) -> None:
    """Check programmes, each a code or a FILE; all of the data folder without one.

    Every path is walked: no dead end, no state of nobody, no closing on the handler's own word, every clock stops. What is
    wrong is named by file, line and place; the exit code is 1 then.
    """
    from geogrid.cli.programme_files import faults_of, file_of, shipped

    paths, broken = [file_of(name) for name in files] or shipped(), False
    for path in paths:
        found, faults = faults_of(path)
        for fault in faults:
            click.echo(f"{path}:{fault.words(language())}")
        broken |= bool(faults)
        if found is not None and not faults:
            click.echo(_sound(found))
    if broken:
        context.exit(1)


def _sound(found: Programme) -> str:
    from geogrid.rules.programme_check import walked

    moves, kinds = walked(found)
    says = (
        "{code} {version} is sound: {states} states, {steps} steps, {clocks} clocks; {moves} moves for {kinds} kinds of matter."
    )
    counts = {"states": len(found.states), "steps": len(found.steps), "clocks": len(found.clocks)}
    return translate(says, language()).format(code=found.code, version=found.version, moves=moves, kinds=kinds, **counts)


@programme.command("picture")
@click.argument("file")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The SVG to write.")
@click.option("--language", "tongue", type=click.Choice(["zh", "en", "mn"]), help="Without: the language of messages.")
def draw(file: str, out: Path, tongue: str | None) -> None:
    """Draw the workflow of the programme FILE (a code or a path) as SVG: states, steps with their roles, clocks."""
    from geogrid.cli.programme_files import programme_of
    from geogrid.errors import FileError
    from geogrid.rules.programme_picture import svg

    drawn = svg(programme_of(file), tongue or language())
    try:
        out.write_text(drawn, "utf-8")
    except OSError as error:
        raise FileError(name=str(out), reason=str(error)) from error
    click.echo(str(out))


COMMANDS = [programme, due]
