"""Orders of outside channels: their fields read as ours by the channel's file, what is told back, what their answers mean."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from string import Template
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from geogrid.channels.form import MOST_ADDRESS, MOST_TEXT, body_hash
from geogrid.channels.registry import parse
from geogrid.channels.words import checked_words, kind_of, shown
from geogrid.domain.outside import BackRule, Heard, KindRule, OutsideChannel, OutsideOrder, Request, Verdict
from geogrid.domain.profiles import Profile
from geogrid.errors import FieldMissing, FieldType, FieldValue, GeogridError, OrderTimeForm, TimeForm

NAMESPACE = UUID("5a1d5f0e-0e0d-5f6b-9a3f-2c8f0a6b1e70")  # an order's number becomes the id of its report in this namespace
LONGEST_NUMBER, LONGEST_ROUND, LONGEST_CALLBACK, LONGEST_REASON = 60, 60, 40, 300
MOST_WORDS_BACK = 2_000
EXAMPLE = datetime(2025, 6, 18, 15, 0, tzinfo=UTC)  # shows how their file says that times are written
AGAIN_LATER = frozenset({408, 425, 429})


def order_of(channel: OutsideChannel, payload: Any, *, now: datetime, profile: Profile) -> OutsideOrder:
    """Return the checked order that ``payload`` (their names, plain values) is.

    The caller's number goes to ``callback`` alone. Texts of cells and numbers of JSON are read alike, so that an order is the
    same by file and by request.

    Raises
    ------
    FieldMissing, FieldType, FieldValue, and the errors of reports, coordinates and times; ``where`` names their field
    """
    if not isinstance(payload, Mapping):
        raise FieldType(field="order", wanted="an object of fields", got=kind_of(payload))
    fields = channel.fields
    number = _text(payload, fields.number, most=LONGEST_NUMBER, needed=True)
    kind = _kind(channel, payload)
    report: dict[str, Any] = {
        "id": str(uuid5(NAMESPACE, f"{profile.code}:{channel.code}:{number}")),
        "kind": kind.kind.value,
        "text": _text(payload, fields.words, most=MOST_TEXT, needed=True),
        "address": _text(payload, fields.place, most=MOST_ADDRESS),
        "observed_at": _time(channel, payload),
        **_point(channel, payload),
    }
    callback = _text(payload, fields.callback, most=LONGEST_CALLBACK)
    mark = _text(_times_written(channel, payload, fields.round), fields.round, most=LONGEST_ROUND)
    told = {**report, "number": number, "callback": callback, "round": mark, "category": kind.category}
    try:
        made = parse(channel.channel.value, report, now=now, profile=profile)
    except GeogridError as error:
        ours = str(error.where.get("path", ""))
        error.where = {**error.where, "path": _theirs(channel, ours)}
        if error.values.get("field") == ours:
            error.values["field"] = error.where["path"]
        raise
    return OutsideOrder(number, made, kind.category, callback, mark, body_hash(told))


def _times_written(channel: OutsideChannel, payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an order whose field ``name`` is text where a workbook keeps it as a date: as a request would write it."""
    value = payload.get(name) if name else None
    if not isinstance(value, datetime):
        return payload
    return {**payload, name: value.strftime(channel.time.form) if channel.time.form else value.isoformat()}


def _text(payload: Mapping[str, Any], name: str, *, most: int, needed: bool = False) -> str:
    """Return their field as text without blanks around it; a whole number of a cell is written as one."""
    value = payload.get(name) if name else None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise FieldType(field=name, wanted="text", got=kind_of(value), where={"path": name})
    text = checked_words((value or "").strip(), name, most=most, required=False)
    if needed and not text:
        raise FieldMissing(field=name, where={"path": name})
    if most < MOST_ADDRESS and not text.isprintable():
        raise FieldValue(field=name, value=shown(text), known="printable characters", where={"path": name})
    return text


def _kind(channel: OutsideChannel, payload: Mapping[str, Any]) -> KindRule:
    name = channel.fields.kind
    theirs = _text(payload, name, most=MOST_ADDRESS)
    found = next((rule for rule in channel.kinds if theirs in rule.theirs), channel.otherwise)
    if found is None:
        known = ", ".join(one for rule in channel.kinds for one in rule.theirs)
        raise FieldValue(field=name, value=shown(theirs), known=known, where={"path": name})
    return found


def _time(channel: OutsideChannel, payload: Mapping[str, Any]) -> str:
    """Return their time as ISO 8601 in UTC."""
    name, form = channel.fields.time, channel.time.form
    value = payload.get(name)
    if value is None or value == "":
        raise FieldMissing(field=name, where={"path": name})
    try:
        if isinstance(value, datetime):  # a cell that a workbook keeps as a date
            at = datetime(*value.timetuple()[:6], tzinfo=value.tzinfo)
        else:
            at = datetime.strptime(str(value).strip(), form) if form else datetime.fromisoformat(str(value).strip())  # noqa: DTZ007
    except (ValueError, TypeError) as error:
        if form:
            raise OrderTimeForm(value=shown(value), example=EXAMPLE.strftime(form), where={"path": name}) from error
        raise TimeForm(value=shown(value), where={"path": name}) from error
    aware = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(channel.time.zone))
    return aware.astimezone(UTC).isoformat(timespec="seconds")


def _point(channel: OutsideChannel, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return point, datum and accuracy; nothing where the order names no place in degrees."""
    point = channel.point
    if point is None:
        return {}
    lon, lat = _number(payload.get(point.lon)), _number(payload.get(point.lat))
    if lon is None and lat is None:
        return {}
    told: dict[str, Any] = {"point": {"lon": lon, "lat": lat}, "datum": point.datum.value}
    return told if point.accuracy_m is None else {**told, "accuracy_m": point.accuracy_m}


def _number(value: Any) -> Any:
    """Return a number that came as text; what is none stays as it is, to be refused with its own reason."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _theirs(channel: OutsideChannel, path: str) -> str:
    """Return their name of the field in which our form found a fault."""
    fields, point = channel.fields, channel.point
    names = {"text": fields.words, "address": fields.place, "observed_at": fields.time, "kind": fields.kind, "id": fields.number}
    if point is not None:
        names |= {"point.lon": point.lon, "point.lat": point.lat, "point": point.lon}
    return names.get(path) or path


# -- what is told back ------------------------------------------------------------------------------------------------


def request_of(rule: BackRule, values: Mapping[str, str]) -> Request:
    """Return the request that tells them of a step; ``values`` are those of ``rules.channel_file.PLACEHOLDERS``.

    What stands in the path is percent-encoded, in the body escaped for within the quotes of JSON.
    """
    cut = {**values, "words": values.get("words", "")[:MOST_WORDS_BACK]}
    path = Template(rule.path).substitute({name: quote(value, safe="") for name, value in cut.items()})
    body = Template(rule.body).substitute({name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in cut.items()})
    return Request(path, body, rule.method, dict(values))


def time_told(channel: OutsideChannel, at: datetime) -> str:
    """Return an instant as the channel writes its times."""
    local = at.astimezone(ZoneInfo(channel.time.zone))
    return local.strftime(channel.time.form) if channel.time.form else local.isoformat(timespec="seconds")


def heard(channel: OutsideChannel, status: int, text: str) -> Heard:
    """Return what an answer means; without a verdict it is to be tried again.

    A server's own trouble (500 and above, 408, 425, 429) is never a verdict, whatever its words: it may have taken the order and
    failed afterwards; the same key tells it so next time.
    """
    rule = channel.answer
    if status >= 500 or status in AGAIN_LATER:
        return Heard(None, f"it answered {status}")
    told = _object(text) if rule.field or rule.reason else {}
    reason = str(_inner(told, rule.reason) or "")[:LONGEST_REASON] if rule.reason else ""
    if not rule.field:
        verdict = Verdict.ACCEPTED if 200 <= status < 300 else Verdict.DUPLICATE if status == 409 else Verdict.REFUSED
        return Heard(verdict, reason or (f"it answered {status}" if verdict is Verdict.REFUSED else ""))
    code = _inner(told, rule.field)
    known = {Verdict.ACCEPTED: rule.accepted, Verdict.DUPLICATE: rule.duplicate, Verdict.REFUSED: rule.refused}
    for verdict, codes in known.items():
        if code is not None and str(code) in codes:
            return Heard(verdict, reason or (f"{rule.field} {code}" if verdict is Verdict.REFUSED else ""))
    if 400 <= status < 500:
        return Heard(Verdict.REFUSED, reason or f"it answered {status}")
    return Heard(None, f"it answered {status}, and not what was agreed")


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _inner(told: Any, path: str) -> Any:
    """Return the value at ``path`` ("data.code"), None where there is none."""
    for part in path.split("."):
        told = told.get(part) if isinstance(told, Mapping) else None
    return told
