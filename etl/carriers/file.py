"""The file carrier: a line of JSON a delivery, under ``var/outbox/<day>.jsonl``. For tests, demos and made-up districts."""

from __future__ import annotations

import json
import os

from etl.carriers.config import CarrierSettings
from geogrid.domain.notices import Delivery
from geogrid.errors import CarrierDown


def send(delivery: Delivery, settings: CarrierSettings) -> None:
    """Append the delivery to the day's file, safe on disk when this returns; raises CarrierDown where the disk takes nothing."""
    notice, to = delivery.notice, delivery.to
    line = {
        "id": str(delivery.id),
        "carrier": delivery.carrier,
        "recipient": to.recipient,
        "name": to.name,
        "address": to.address,
        "rule": notice.rule,
        "occasion": notice.occasion,
        "event_id": str(notice.event_id) if notice.event_id else None,
        "at": notice.at.isoformat(),
        "texts": dict(notice.texts),
        "try": delivery.tries,
    }
    folder = settings.var_dir / "outbox"
    data = (json.dumps(line, ensure_ascii=False) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / f"{delivery.made_at:%Y-%m-%d}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, data)  # one write: lines of several senders never mix
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise CarrierDown(carrier=settings.name, reason=str(error)) from error
