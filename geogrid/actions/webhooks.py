"""Webhooks: kept by administrators; told, in the transaction of a step or an alarm, by the outbox."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from geogrid.domain.events import Step
from geogrid.domain.grids import Department
from geogrid.domain.notices import About, Addressee
from geogrid.domain.webhooks import Webhook, WebhookFilter
from geogrid.errors import NotFoundError, RequestInvalid
from geogrid.rules import webhooks as rules
from geogrid.rules.alarms import Alarm
from geogrid.store import outbox, webhooks
from geogrid.store.secret_files import read_or_make_secret

CARRIER, RULE = "webhook", "webhook"
SALT_BYTES, MOST_WEBHOOKS, LONGEST_NAME = 16, 50, 60
UNIT, PHASE = re.compile(r"\d{12}"), re.compile(r"[a-z][a-z0-9_]{0,59}")


def signing_key(var_dir: Path) -> bytes:
    """Return the key from which the secrets of webhooks are made; who loses its file gives every receiver a new secret."""
    return read_or_make_secret(var_dir / "secrets" / "webhook_key").encode()


# -- kept -------------------------------------------------------------------------------------------------------------


def add(session: Session, name: str, url: str, chosen: WebhookFilter, *, now: datetime, by: str) -> Webhook:
    """Keep a webhook; its secret is ``rules.webhooks.secret_of``, to be shown once. The caller has judged the address.

    Raises
    ------
    RequestInvalid
        for a name that is taken or none, a filter that names nothing known, or one webhook too many
    """
    check(name, chosen)
    if webhooks.is_named(session, name):
        raise RequestInvalid(name="name", reason="another webhook has this name", where={"path": "name"})
    if webhooks.count(session) >= MOST_WEBHOOKS:
        raise RequestInvalid(name="webhooks", reason="there are as many as there may be; remove one", where={"path": "webhooks"})
    hook = Webhook(uuid4(), name, url, chosen, True, secrets.token_bytes(SALT_BYTES), now, by)
    webhooks.add(session, hook)
    return hook


def change(session: Session, hook_id: UUID, chosen: WebhookFilter, *, enabled: bool) -> Webhook:
    """Change of what a webhook is told, or switch it off and on; its address stays. Raises NotFoundError, RequestInvalid."""
    hook = found(session, hook_id)
    check(hook.name, chosen)
    webhooks.change(session, hook_id, {"enabled": enabled, **webhooks.columns_of(chosen)})
    return found(session, hook_id)


def found(session: Session, hook_id: UUID) -> Webhook:
    """Return a webhook; raises NotFoundError."""
    hook = webhooks.find(session, hook_id)
    if hook is None:
        raise NotFoundError(what=str(hook_id))
    return hook


def check(name: str, chosen: WebhookFilter) -> None:
    """Raise RequestInvalid for a name or a filter that cannot be kept."""
    faults = {
        "name": not (name.strip() and len(name) <= LONGEST_NAME and name.isprintable()),
        "unit": bool(chosen.unit) and not UNIT.fullmatch(chosen.unit),
        "department": bool(chosen.department) and chosen.department not in Department.codes(),
        "phases": not all(PHASE.fullmatch(phase) for phase in chosen.phases),
    }
    for field, is_wrong in faults.items():
        if is_wrong:
            raise RequestInvalid(name=field, reason="it has another form here", where={"path": field})


# -- told -------------------------------------------------------------------------------------------------------------


def tell_of_step(session: Session, about: About, step: Step, *, now: datetime) -> None:
    """Put a step into the outbox for every webhook that is told of it; a step is told once."""
    hooks = [hook for hook in webhooks.to_tell(session) if rules.wants_step(hook.filter, step.kind, about.matter)]
    if hooks:
        told = rules.step_told(str(about.event_id), about.number, step, about.matter, about.programme)
        _put(session, hooks, about, f"webhook:step:{about.event_id}:{step.seq}", told, at=step.at, now=now)


def tell_of_alarm(session: Session, about: About, clock: str, run: int, alarm: Alarm, *, now: datetime) -> None:
    """Put a phase that a clock entered into the outbox for every webhook that is told of it."""
    hooks = [hook for hook in webhooks.to_tell(session) if rules.wants_phase(hook.filter, alarm.phase, about.matter)]
    if hooks:
        event, matter, programme = str(about.event_id), about.matter, about.programme
        told = rules.phase_told(event, about.number, clock, alarm.phase, alarm.at, alarm.due_at, matter, programme)
        key = f"webhook:clock:{clock}:{alarm.phase}:{event}:{run}:{alarm.at.astimezone(UTC).isoformat()}"
        _put(session, hooks, about, key, told, at=alarm.at, now=now)


def _put(
    session: Session, hooks: Sequence[Webhook], about: About, key: str, told: dict[str, Any], *, at: datetime, now: datetime
) -> None:
    to = [Addressee(hook.recipient, hook.name, hook.url) for hook in hooks]
    notice: dict[str, Any] = {"occasion": key, "rule": RULE, "texts": {}, "event_id": about.event_id, "payload": told}
    outbox.enqueue(session, **notice, carrier=CARRIER, recipients=to, at=at, now=now)


def secrets_with(session_of: Callable[[], Any], var_dir: Path) -> Callable[[str], str | None]:
    """Return what gives a recipient's secret, read anew each time; None for who is no webhook, "" for one that is gone or off.

    ``session_of`` opens a transaction, as ``session_scope`` does.
    """

    def secret_of(recipient: str) -> str | None:
        kind, _, hook_id = recipient.partition(":")
        if kind != CARRIER:
            return None
        with session_of() as session:
            hook = webhooks.find(session, UUID(hook_id))
        return rules.secret_of(signing_key(var_dir), hook) if hook and hook.enabled else ""

    return secret_of
