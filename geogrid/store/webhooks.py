"""Webhooks in the store: kept, changed, removed; those to be told, read once a transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from geogrid.domain.events import StepKind
from geogrid.domain.webhooks import Webhook, WebhookFilter
from geogrid.store.tables.webhooks import webhooks

READ = "webhooks"  # of ``session.info``: a load of many events asks once


def _webhook(row: Row) -> Webhook:
    steps = tuple(StepKind(kind) for kind in row.steps)
    chosen = WebhookFilter(steps, tuple(row.phases), row.unit, row.department)
    return Webhook(row.id, row.name, row.url, chosen, row.enabled, bytes(row.salt), row.created_at, row.created_by)


def columns_of(chosen: WebhookFilter) -> dict[str, Any]:
    """Return a filter as columns."""
    steps = [kind.value for kind in chosen.steps]
    return {"steps": steps, "phases": list(chosen.phases), "unit": chosen.unit, "department": chosen.department}


def add(session: Session, hook: Webhook) -> None:
    """Keep a new webhook."""
    values = {"id": hook.id, "name": hook.name, "url": hook.url, "enabled": hook.enabled, "salt": hook.salt}
    told = {"created_at": hook.created_at, "created_by": hook.created_by}
    session.execute(insert(webhooks).values(**values, **told, **columns_of(hook.filter)))
    session.info.pop(READ, None)


def change(session: Session, hook_id: UUID, values: dict[str, Any]) -> None:
    """Change columns of a webhook."""
    session.execute(update(webhooks).where(webhooks.c.id == hook_id).values(**values))
    session.info.pop(READ, None)


def remove(session: Session, hook_id: UUID) -> None:
    """Remove a webhook; what the outbox has for it stays, and is refused."""
    session.execute(delete(webhooks).where(webhooks.c.id == hook_id))
    session.info.pop(READ, None)


def every(session: Session) -> list[Webhook]:
    """Return all webhooks, by name."""
    return [_webhook(row) for row in session.execute(select(webhooks).order_by(webhooks.c.name))]


def find(session: Session, hook_id: UUID) -> Webhook | None:
    """Return a webhook by id."""
    row = session.execute(select(webhooks).where(webhooks.c.id == hook_id)).one_or_none()
    return _webhook(row) if row else None


def is_named(session: Session, name: str) -> bool:
    """Whether a webhook has this name."""
    return session.scalar(select(func.count()).select_from(webhooks).where(webhooks.c.name == name)) != 0


def count(session: Session) -> int:
    """Return how many webhooks there are."""
    return session.scalar(select(func.count()).select_from(webhooks)) or 0


def to_tell(session: Session) -> list[Webhook]:
    """Return the webhooks that are switched on; read once a session."""
    if READ not in session.info:
        session.info[READ] = [hook for hook in every(session) if hook.enabled]
    found: list[Webhook] = session.info[READ]
    return found
