"""Accepted rows of events as reports with the steps they went through."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from etl.check import Checked
from etl.mending import Mending
from geogrid.domain.events import Channel, EventKind, Report, StepKind
from geogrid.domain.places import Datum, ReportedPoint
from geogrid.domain.profiles import Profile
from geogrid.space.crs import SNAP_DECIMALS

STEP_COLUMNS = {
    "opened_at": StepKind.OPEN,
    "dispatched_at": StepKind.DISPATCH,
    "handled_at": StepKind.HANDLE,
    "verified_at": StepKind.VERIFY,
    "closed_at": StepKind.CLOSE,
}
NAMESPACE = UUID("8f1f6a3e-6d0c-5c0e-9f43-2d1a7b0c9e11")  # ids of other systems become UUIDs of this namespace

History = list[tuple[StepKind, datetime]]


def reports_of(checked: Checked, profile: Profile) -> tuple[list[Report], list[History], list[Mending]]:
    """Return for each accepted row its report, its history, and what was mended in its times.

    A step without a time that must have happened, because a later one has a time, takes that time.
    """
    reports, histories, mended = [], [], []
    for row in checked.frame.drop(columns="geometry").to_dict("records"):
        histories.append(_history(row, mended))
        reports.append(_report(row, profile))
    return reports, histories, mended


def event_id(text: str, profile: Profile) -> UUID:
    """Return ``text`` as a UUID where it is one; else the UUID that this text always becomes in this district."""
    try:
        return UUID(text)
    except ValueError:
        return uuid5(NAMESPACE, f"{profile.code}:{text}")


def _history(row: dict[str, Any], mended: list[Mending]) -> History:
    reported_at = row["reported_at"]
    times: dict[StepKind, datetime] = {}
    for column, step in STEP_COLUMNS.items():
        at = row[column]
        if at is None:
            continue
        if at < reported_at:
            mended.append(Mending(int(row["source_row"]), "time_before_report"))
            continue
        times[step] = at
    history: History = []
    later: datetime | None = None
    implied = 0
    for step in reversed(STEP_COLUMNS.values()):
        at = times.get(step, later)
        if at is not None:
            history.append((step, at))
            implied += step not in times
            later = at
    if implied:
        mended.append(Mending(int(row["source_row"]), "steps_implied", implied))
    return [(StepKind.REPORT, reported_at), *reversed(history)]


def _report(row: dict[str, Any], profile: Profile) -> Report:
    accuracy_m = row["accuracy_m"]
    stated = row["stated_lon"], row["stated_lat"]
    point = None if math.isnan(stated[0]) else ReportedPoint(*stated, Datum(row["stated_datum"]), accuracy_m)
    observed_at = row["observed_at"] or row["reported_at"]
    # The same report must hash the same from every format: times in UTC to the millisecond, coordinates on the store's grid.
    body = {
        "id": row["id"],
        "channel": row["channel"],
        "kind": row["kind"],
        "text": row["text"],
        "address": row["address"],
        "point": point and [round(point.lon, SNAP_DECIMALS), round(point.lat, SNAP_DECIMALS), point.datum.value, accuracy_m],
        "observed_at": observed_at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
    canonical = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Report(
        id=event_id(row["id"], profile),
        channel=Channel(row["channel"]),
        kind=EventKind(row["kind"]),
        words=row["text"],
        point=point,
        observed_at=observed_at,
        body_hash=hashlib.sha256(canonical.encode()).digest(),
        address=row["address"],
        synthetic=row["synthetic"],
    )
