"""Name who mediates: at which station, and which kinds of disputes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from geogrid.domain.dispute_kinds import DisputeKinds
from geogrid.domain.people import Actor, Role
from geogrid.errors import AccessForbidden, ListUnknown, StationUnknown
from geogrid.store import audit, disputes_people
from geogrid.store.people import Person

NAMERS = frozenset({Role.COMMANDER, Role.ADMINISTRATOR})


def name_mediator(
    session: Session,
    person: Person,
    station: str,
    kinds: Sequence[str],
    *,
    known: DisputeKinds,
    actor: Actor,
    now: datetime,
    active: bool = True,
) -> None:
    """Name somebody a mediator of a station for kinds of disputes (none: any); ``active`` False: no longer.

    What was named before is replaced; disputes in hand stay with whom they were given to.

    Raises
    ------
    AccessForbidden
        for who is neither commander nor administrator
    StationUnknown, ListUnknown
        for a station that is not in force; for a kind that ``data/mediation.toml`` does not have
    """
    if not actor.roles() & NAMERS:
        raise AccessForbidden(where={"path": "mediator"})
    if station not in {row.code for row in disputes_people.stations_in_force(session)}:
        raise StationUnknown(station=station, where={"path": "station"})
    codes = [kind.code for kind in known.kinds]
    for kind in kinds:
        if kind not in codes:
            raise ListUnknown(field="kind", value=kind, known=", ".join(codes), where={"path": "kind"})
    disputes_people.put_mediator(session, person.id, station=station, kinds=kinds, active=active, synthetic=person.synthetic)
    told = {"station": station, "kinds": list(kinds), "active": active}
    audit.write(
        session, actor=actor.id, action="mediator.name", object_kind="person", object_id=str(person.id), details=told, now=now
    )
