"""Webhooks: other systems that are told what happens to matters, and of what each is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geogrid.domain.events import StepKind


@dataclass(frozen=True)
class WebhookFilter:
    """Of what a receiver is told: kinds of steps and phases of clocks (neither named: of all), within a unit, of a department.

    ``unit`` is a code of 12 digits, "" for the whole district; ``department`` a department's code, "" for all.
    """

    steps: tuple[StepKind, ...] = ()
    phases: tuple[str, ...] = ()
    unit: str = ""
    department: str = ""


@dataclass(frozen=True)
class Webhook:
    """A receiver: ``url`` is where it is told; ``salt`` makes its secret its own, and is none itself."""

    id: UUID
    name: str
    url: str
    filter: WebhookFilter
    enabled: bool
    salt: bytes
    created_at: datetime
    created_by: str

    @property
    def recipient(self) -> str:
        """The name of this receiver in the outbox."""
        return f"webhook:{self.id}"
