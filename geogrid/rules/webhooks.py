"""Which webhooks are told of what, in which fields: codes and instants, never words of a report, never a person."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from geogrid.domain.events import Step, StepKind
from geogrid.domain.matters import Matter
from geogrid.domain.people import Post, Role
from geogrid.domain.programmes import Programme
from geogrid.domain.webhooks import Webhook, WebhookFilter
from geogrid.rules.entitled import covers

SECRET_MARK = "whs_"  # whoever finds one lying about knows what it opens


def wants_step(chosen: WebhookFilter, kind: StepKind, matter: Matter) -> bool:
    """Whether a receiver is told of a step of this kind."""
    named = kind in chosen.steps or not (chosen.steps or chosen.phases)
    return named and concerns(chosen, matter)


def wants_phase(chosen: WebhookFilter, phase: str, matter: Matter) -> bool:
    """Whether a receiver is told that a clock entered a phase."""
    named = phase in chosen.phases or not (chosen.steps or chosen.phases)
    return named and concerns(chosen, matter)


def concerns(chosen: WebhookFilter, matter: Matter) -> bool:
    """Whether a matter lies in the unit of a filter, and its department has to do with it."""
    in_unit = not chosen.unit or covers(Post(Role.AUDITOR, chosen.unit), matter)
    return in_unit and (not chosen.department or covers(Post(Role.DEPARTMENT, department=chosen.department), matter))


def step_told(event: str, number: str, step: Step, matter: Matter, programme: Programme) -> dict[str, Any]:
    """Return what is told of a step."""
    return {
        "what": "step",
        **_where(event, number, matter, programme),
        "step": {"seq": step.seq, "kind": step.kind.value, "code": step.step},
        "at": _instant(step.at),
    }


def phase_told(
    event: str, number: str, clock: str, phase: str, at: datetime, due_at: datetime, matter: Matter, programme: Programme
) -> dict[str, Any]:
    """Return what is told of a clock that entered a phase."""
    told = {"what": "clock", **_where(event, number, matter, programme)}
    return {**told, "clock": {"code": clock, "phase": phase, "due_at": _instant(due_at)}, "at": _instant(at)}


def _where(event: str, number: str, matter: Matter, programme: Programme) -> dict[str, Any]:
    stage = programme.state(matter.state).stage.value
    return {"event": event, "number": number, "programme": matter.programme, "state": {"code": matter.state, "stage": stage}}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def secret_of(key: bytes, hook: Webhook) -> str:
    """Return the secret of a receiver: made from the installation's key, so that the database alone holds none."""
    digest = hmac.new(key, b"webhook" + hook.id.bytes + hook.salt, hashlib.sha256).digest()
    return SECRET_MARK + base64.urlsafe_b64encode(digest).decode().rstrip("=")
