"""``geogrid notices``: what the outbox holds, and another try for what it gave up."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import UUID

import click

if TYPE_CHECKING:
    from sqlalchemy import Row

MOST_LISTED = 50


@click.group("notices")
def notices() -> None:
    """List what is to be told and what was not, and have it tried again."""


@notices.command("list")
@click.option("--state", "states", multiple=True, help="waiting, sending, sent, failed or refused; several times for several.")
@click.option("--most", default=MOST_LISTED, show_default=True, help="How many lines at most, the newest first.")
def notices_list(states: tuple[str, ...], most: int) -> None:
    """List deliveries: id, state, carrier, recipient, tries, when next, what went wrong, the text."""
    from geogrid.cli import command_language, opened
    from geogrid.domain.notices import DeliveryState
    from geogrid.store import outbox
    from geogrid.store.session import session_scope

    unknown = set(states) - set(DeliveryState.codes())
    if unknown:
        raise click.UsageError(f"--state: {', '.join(sorted(unknown))}; known: {', '.join(DeliveryState.codes())}")
    wanted = [DeliveryState(state) for state in states or DeliveryState.codes()]
    with opened() as (_, engine), session_scope(engine) as session:
        for row in outbox.listed(session, wanted, most):
            click.echo(_line(row, command_language(os.environ)))


def _line(row: Row, language: str) -> str:
    from geogrid.domain.notices import DeliveryState
    from geogrid.texts import translate

    state = translate(DeliveryState(row.state).label, language, "DeliveryState")
    when = row.next_try_at or row.ended_at
    at = when.isoformat(timespec="seconds") if when else "-"
    text = row.text_zh if language == "zh" else row.text_en
    return "\t".join((str(row.id), state, row.carrier, row.recipient, str(row.tries), at, row.last_error or "-", text))


@notices.command("retry")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "every", is_flag=True, help="All deliveries that were given up or refused.")
def notices_retry(ids: tuple[UUID, ...], every: bool) -> None:
    """Try the deliveries IDS again that were given up or refused, from their first try on."""
    from geogrid.cli import command_language, opened
    from geogrid.store import outbox
    from geogrid.store.session import session_scope
    from geogrid.texts import translate

    if bool(ids) == every:
        raise click.UsageError("name deliveries, or --all")
    with opened() as (settings, engine), session_scope(engine) as session:
        count = outbox.try_again(session, settings.now(), ids)
    click.echo(translate("{count} deliveries are tried again.", command_language(os.environ)).format(count=count))
