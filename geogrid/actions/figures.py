"""Figures by the townships of another edition than the one under which events were recorded: which events lie elsewhere there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.recast_target import Codes, target_of
from geogrid.domain.readings import CountLevel
from geogrid.store import editions, readings
from geogrid.store.readings import Touched


def moved_townships(
    session: Session, until: datetime, *, district: District, edition: str | None = None, touched: Touched | None = None
) -> dict[UUID, str | None]:
    """Return the events reported before ``until`` that have another township under an edition than recorded, with that one.

    ``edition`` None is the one in force. ``touched`` leaves the events that figures of a span can count, so that a month costs
    what a month holds; None: all. The township None stands for none: no grid of the edition covers the event's point, and the
    grid that a person named has no one heir. ``session`` reads a snapshot, for what its reader sees.

    Raises
    ------
    errors.NotFoundError, EditionNotInForce, EditionWithdrawn, EditionIncomplete
        where there is no such edition to recast to.
    """
    source = readings.Source(CountLevel.TOWNSHIP, None, until, None, district.profile.code, touched)
    wanted = editions.in_force(session) if edition is None else editions.named(session, edition)
    keys = Codes(sorted(readings.codes(session, source)))
    total, hands = readings.count(session, source), readings.by_hand(session, source)
    target = target_of(session, wanted, CountLevel.TOWNSHIP, hands, keys, district, events=total)
    found: dict[UUID, str | None] = {}
    for rows in readings.read(session, source, key_codes=list(keys.texts), hands=hands):
        _, key = target.places(rows)
        for i in np.flatnonzero(key != rows["key"]):
            found[UUID(bytes=rows["id"][i].tobytes())] = keys.text(int(key[i]))
    return found
