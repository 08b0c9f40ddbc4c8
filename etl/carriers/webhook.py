"""The webhook carrier: what happened as JSON, by HTTPS POST, signed so that the receiver knows who sends.

``X-Geogrid-Signature: sha256=<hex>`` is the HMAC-SHA256, under the shared secret, of the timestamp, a full stop and the body;
``X-Geogrid-Timestamp`` are seconds since 1970. ``Idempotency-Key`` is the same at every try of a delivery.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable

from etl.carriers.asking import ask, check_status
from etl.carriers.config import CarrierSettings
from geogrid.domain.notices import Delivery
from geogrid.errors import CarrierRefused


def body_of(delivery: Delivery) -> bytes:
    """Return what is sent: the same bytes at every try."""
    notice = delivery.notice
    told = {
        "id": str(delivery.id),
        "rule": notice.rule,
        "event_id": str(notice.event_id) if notice.event_id else None,
        "at": notice.at.isoformat(),
        "texts": {language: text for language, text in notice.texts.items() if text},
        "payload": dict(notice.payload),
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``X-Geogrid-Signature``."""
    return "sha256=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def send(
    delivery: Delivery,
    settings: CarrierSettings,
    *,
    secret_of: Callable[[str], str | None] = lambda _: None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Post the delivery to its address; ``secret_of`` gives a recipient's own secret, None for the one of the settings.

    Raises CarrierRefused where the recipient was removed or switched off ("" for a secret).
    """
    body, timestamp = body_of(delivery), int(clock())
    own = secret_of(delivery.to.recipient)
    if own == "":
        raise CarrierRefused(carrier=settings.name, reason="the webhook was removed or is switched off")
    secret = settings.secret(settings.get("secret", "webhook")) if own is None else own
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": str(delivery.id),
        "X-Geogrid-Timestamp": str(timestamp),
        "X-Geogrid-Signature": signature(secret, timestamp, body),
    }
    answer = ask(
        settings.name, delivery.to.address, headers=headers, body=body, timeout_s=settings.get("timeout_s", 10),
        allow_private=settings.get("allow_private", False),
    )  # fmt: skip
    check_status(settings.name, answer)
