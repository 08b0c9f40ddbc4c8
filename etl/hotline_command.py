"""``geogrid hotline``: orders of outside channels from files, their channel files checked, and a hotline to practise with."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from etl.hotline_practice import PracticeHotline

FAULTS = ("none", "down", "slow", "twice", "fail_after_accepting", "refuse")
PRACTICE_PORT = 8912


@click.group("hotline")
def hotline() -> None:
    """Take work orders of hotlines such as 12345, and tell them what became of them."""


@hotline.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--channel", "code", default="12345", show_default=True, help="The outside channel: a file of data/channels.")
@click.option("--layer", help="Sheet of a workbook.")
@click.option("--encoding", help="Encoding of text. Without: found out.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; store nothing.")
def hotline_import(file: Path, code: str, layer: str | None, encoding: str | None, dry_run: bool) -> None:
    """Take the work orders of FILE (CSV, XLSX or JSON); the same file again changes nothing.

    Rows that cannot be taken are put aside with row and reason, to be mended and loaded again.
    """
    from etl.hotline_import import import_orders
    from etl.sources.table import ReadOptions
    from geogrid.actions.district import open_district
    from geogrid.cli import command_language, opened
    from geogrid.domain.outside import Arrival
    from geogrid.texts import translate

    language = command_language(os.environ)
    with opened() as (settings, engine):
        district = open_district(settings, engine)
        done, folder = import_orders(
            file, district.outside.of(code), district, engine, now=settings.now(), imports=settings.var_dir / "imports",
            options=ReadOptions(layer, encoding), dry_run=dry_run,
        )  # fmt: skip
    if dry_run:
        click.echo(translate("Dry run: nothing was stored.", language))
    click.echo(translate("{file}: {count} orders read", language).format(file=done.file, count=done.read))
    for how in Arrival:
        if done.arrivals[how]:
            click.echo(f"  {translate(how.label, language, 'Arrival')}: {done.arrivals[how]}")
    for row, error in done.refused[:20]:
        click.echo("  " + translate("row {row}: {reason}", language).format(row=row.number, reason=error.message(language)))
    click.echo(translate("Report: {folder}", language).format(folder=folder))
    if done.refused:
        raise SystemExit(1)


@hotline.command("check")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def hotline_check(files: tuple[Path, ...]) -> None:
    """Check files of outside channels (none: all there are); every fault is told with its line."""
    from geogrid.actions.district import read_profile
    from geogrid.actions.outside_channels import FOLDER, read_channel
    from geogrid.actions.programmes import shipped_programmes
    from geogrid.cli import command_language
    from geogrid.errors import ChannelFileInvalid
    from geogrid.settings import read_settings
    from geogrid.texts import translate

    settings, language, broken = read_settings(os.environ), command_language(os.environ), False
    programmes = shipped_programmes(read_profile(settings).programme, settings.data_dir)
    folders = [settings.data_dir / FOLDER, settings.var_dir / FOLDER]
    for path in files or [path for folder in folders for path in sorted(folder.glob("*.toml"))]:
        try:
            channel = read_channel(path, programmes)
        except ChannelFileInvalid as error:
            broken = True
            click.echo(error.message(language))
            continue
        says = translate("{code} is sound: {title}; {kinds} kinds, {back} messages back", language)
        title = channel.title.text(language)
        click.echo(says.format(code=channel.code, title=title, kinds=len(channel.kinds), back=len(channel.back)))
    if broken:
        raise SystemExit(1)


@hotline.command("practise")
@click.option("--port", default=PRACTICE_PORT, show_default=True, help="The port on this machine.")
@click.option("--fault", default="none", show_default=True, type=click.Choice(FAULTS), help="What is wrong with it.")
def hotline_practise(port: int, fault: str) -> None:
    """Run a made-up hotline on this machine that says what it is told, until Ctrl-C; with the faults that real ones have."""
    from etl.hotline_practice import PracticeFault, PracticeHotline, listening
    from geogrid.cli import command_language
    from geogrid.texts import translate

    practice = PracticeHotline(PracticeFault(fault))
    with listening(practice, port) as url:
        click.echo(
            translate("The practice hotline listens at {url}; what it took: {url}/told", command_language(os.environ)).format(
                url=url
            )
        )
        try:
            _say_what_comes(practice)
        except KeyboardInterrupt:
            return


def _say_what_comes(practice: PracticeHotline) -> None:
    said = 0
    while True:
        for told in practice.heard[said:]:
            click.echo(f"{told.method} {told.path} {told.key} {told.body}")
            said += 1
        time.sleep(0.2)
