"""``geogrid webhooks``: which other systems are told of what."""

from __future__ import annotations

import click

from geogrid.cli import language, opened
from geogrid.texts import translate


@click.group()
def webhooks() -> None:
    """Look at the webhooks that administrators keep over the API."""


@webhooks.command("list")
def webhooks_list() -> None:
    """List webhooks: id, name, state, address, kinds of steps, phases, unit, department; - stands for all."""
    from geogrid.store.session import session_scope
    from geogrid.store.webhooks import every

    with opened() as (_, engine), session_scope(engine) as session:
        for hook in every(session):
            state = translate("in use" if hook.enabled else "disabled", language())
            chosen = hook.filter
            steps, phases = ",".join(kind.value for kind in chosen.steps), ",".join(chosen.phases)
            told = (str(hook.id), hook.name, state, hook.url, steps, phases, chosen.unit, chosen.department)
            click.echo("\t".join(value or "-" for value in told))


COMMANDS = [webhooks]
