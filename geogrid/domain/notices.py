"""Notices: that something is to be told, to whom, by which carrier, and how far each delivery has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from geogrid.domain.events import EventKind
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.matters import Matter
from geogrid.domain.programmes import Programme


class DeliveryState(LabelledEnum):
    """How far a delivery has come. Failed: given up after the most tries; refused: it must not, or cannot, be sent at all."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"
    REFUSED = "refused", "Refused"


@dataclass(frozen=True)
class Addressee:
    """One who is to be told by one carrier.

    ``recipient`` names him for good ("person:<uuid>", "webhook:<id>"); ``address`` is what the carrier needs: a phone number,
    an e-mail address, a URL; "" where none is known. ``synthetic``: made up, so that no real carrier may reach him.
    """

    recipient: str
    name: str
    address: str
    synthetic: bool = False


@dataclass(frozen=True)
class Notice:
    """Something to be told once.

    ``occasion`` is the key by which it is told once; ``at`` when it happened, or became due, aware; ``texts`` by language;
    ``payload`` what machines are told in its place.
    """

    occasion: str
    rule: str
    texts: Mapping[str, str]
    at: datetime
    event_id: UUID | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """A notice on its way to one addressee; ``id`` is the idempotency key that every try carries."""

    id: UUID
    notice: Notice
    to: Addressee
    carrier: str
    tries: int
    made_at: datetime


@dataclass(frozen=True)
class About:
    """What a notice is about: the matter as it is then, its event's number and kind, and who and what called for it."""

    event_id: UUID
    number: str
    kind: EventKind
    matter: Matter
    programme: Programme
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # (zh, en) of further placeholders
