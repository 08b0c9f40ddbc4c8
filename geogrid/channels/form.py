"""The form that all channels share: which fields there are, and what each channel insists on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from geogrid.channels.points import checked_point
from geogrid.channels.times import checked_time
from geogrid.channels.words import checked_words, kind_of, shown
from geogrid.domain.events import Channel, EventKind, Report
from geogrid.domain.places import ReportedPoint
from geogrid.domain.profiles import Profile
from geogrid.errors import (
    FieldMissing,
    FieldType,
    FieldUnknown,
    FieldValue,
    PhotosPromisedInvalid,
    ReportIdInvalid,
    ReportWithoutPlace,
)

FIELDS = ("id", "channel", "kind", "text", "address", "point", "datum", "accuracy_m", "mock_location", "observed_at", "photos")
POINT_FIELDS = ("lon", "lat", "z")
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
SHA256_FORM = re.compile(r"[0-9a-f]{64}", re.ASCII)
MOST_TEXT = 5_000
MOST_ADDRESS = 500
MOST_PHOTOS = 9


@dataclass(frozen=True)
class Form:
    """What a channel insists on: a position (those who stand there have one), words (those who do not, have only them)."""

    channel: Channel
    needs_point: bool
    needs_text: bool

    def read(self, payload: Mapping[str, Any], *, now: datetime, profile: Profile) -> Report:
        """Return the checked report; raises the error that names the first field that cannot be accepted."""
        _only(payload, FIELDS, "")
        report_id = _id(_needed(payload, "id"))
        words = checked_words(payload.get("text"), "text", most=MOST_TEXT, required=self.needs_text)
        address = checked_words(payload.get("address"), "address", most=MOST_ADDRESS, required=False)
        return Report(
            id=report_id,
            channel=self.channel,
            kind=_kind(_needed(payload, "kind")),
            words=words,
            point=self._point(payload, profile),
            observed_at=checked_time(_needed(payload, "observed_at"), "observed_at", now=now),
            body_hash=body_hash({**payload, "id": str(report_id), "channel": self.channel.value}),
            address=address,
            photo_sha256s=_photos(payload.get("photos")),
            synthetic=profile.synthetic,
            mock_location=_flag(payload.get("mock_location"), "mock_location"),
        )

    def _point(self, payload: Mapping[str, Any], profile: Profile) -> ReportedPoint | None:
        point = payload.get("point")
        if point is None:
            if self.needs_point:
                raise ReportWithoutPlace(channel=self.channel.value, where={"path": "point"})
            for field in ("accuracy_m", "datum"):
                if payload.get(field) is not None:
                    raise FieldMissing(field="point", where={"path": "point"})
            return None
        if not isinstance(point, Mapping):
            raise FieldType(field="point", wanted='{"lon": ..., "lat": ...}', got=kind_of(point), where={"path": "point"})
        _only(point, POINT_FIELDS, "point.")
        stated = [point.get("lon"), point.get("lat"), payload.get("datum"), payload.get("accuracy_m")]
        return replace(checked_point(*stated, profile=profile), z_dropped=_has_height(point.get("z")))


def _needed(payload: Mapping[str, Any], field: str) -> Any:
    if payload.get(field) is None:
        raise FieldMissing(field=field, where={"path": field})
    return payload[field]


def _only(payload: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
    for field in payload:
        if field not in known:
            name = shown(f"{prefix}{field}")
            raise FieldUnknown(field=name, known=", ".join(known), where={"path": name})


def _id(value: Any) -> UUID:
    if not isinstance(value, str) or not UUID_FORM.fullmatch(value) or not UUID(value).int:
        raise ReportIdInvalid(value=shown(value), where={"path": "id"})
    return UUID(value)


def _kind(value: Any) -> EventKind:
    if not isinstance(value, str) or value not in EventKind.codes():
        raise FieldValue(field="kind", value=shown(value), known=", ".join(EventKind.codes()), where={"path": "kind"})
    return EventKind(value)


def _flag(value: Any, field: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise FieldType(field=field, wanted="true or false", got=kind_of(value), where={"path": field})
    return value


def _has_height(z: Any) -> bool:
    """Whether a height came with the point; it is dropped, whatever it says, so long as it is a number."""
    if z is None:
        return False
    if isinstance(z, bool) or not isinstance(z, int | float):
        raise FieldType(field="point.z", wanted="a number", got=kind_of(z), where={"path": "point.z"})
    return True


def _photos(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = isinstance(value, list) and all(isinstance(sha, str) and SHA256_FORM.fullmatch(sha) for sha in value)
    if not listed or len(set(value)) != len(value) or len(value) > MOST_PHOTOS:
        raise PhotosPromisedInvalid(most=MOST_PHOTOS, where={"path": "photos"})
    return tuple(value)


def body_hash(payload: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of the canonical JSON of a checked payload: keys sorted, no spaces, 10.0 written as 10."""
    return hashlib.sha256(json.dumps(_plain(payload), sort_keys=True, separators=(",", ":")).encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
