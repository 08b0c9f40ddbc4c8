"""``geogrid audit ...``: verify the chain of the audit, export its head to keep it elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geogrid.cli import language, opened
from geogrid.texts import translate


@click.group()
def audit() -> None:
    """Verify the audit of what was done, export the head of its chain."""


@audit.command("verify")
@click.option(
    "--heads", "heads_file", type=click.Path(path_type=Path), help="Heads kept elsewhere; without: var/audit/heads.jsonl."
)
@click.pass_context
def verify(context: click.Context, heads_file: Path | None) -> None:
    """Follow the chain from its first seal; name the first record that was changed, taken out or put in; end with code 1."""
    from geogrid.actions.audit import heads_path, read_heads
    from geogrid.actions.audit import verify as follow
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        path = heads_file or heads_path(settings.var_dir)
        found = follow(session, read_heads(path) if heads_file or path.exists() else [])
    if found.broken is not None:
        says = translate("The audit is broken at seal {seq} (record {record}): {reason}.", language())
        record = "-" if found.broken.record_id is None else found.broken.record_id
        click.echo(says.format(seq=found.broken.seq, record=record, reason=translate(found.broken.reason, language())))
        context.exit(1)
    says = translate("The audit holds: {records} records sealed, {unsealed} waiting for their seal.", language())
    click.echo(says.format(records=found.records, unsealed=found.unsealed))
    if found.unsealed_since is not None:
        says = translate("The oldest record without a seal is of {since}.", language())
        click.echo(says.format(since=found.unsealed_since.isoformat(timespec="seconds")))


@audit.command("export")
def export() -> None:
    """Print the head of the chain as a line of JSON: kept elsewhere, it shows a chain that was written anew."""
    from geogrid.store.audit import head
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        found = head(session)
        now = settings.now()
    if found is not None:
        click.echo(json.dumps({"seq": found.seq, "hash": found.hash.hex(), "at": now.isoformat()}))


COMMANDS = [audit]
