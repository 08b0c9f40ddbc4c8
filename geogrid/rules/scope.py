"""What a person may see of the district's events: all of them, those of some territories, those of some parties."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from geogrid.domain.people import Actor, Role
from geogrid.domain.programmes import Party, PartyKind

# Who runs the platform sees no matters by that alone; who audits sees them all, masked.
SEES_NO_MATTERS = frozenset({Role.ADMINISTRATOR, Role.CITIZEN})
SEES_ALL = frozenset({Role.SYSTEM, Role.AUDITOR})


@dataclass(frozen=True)
class Scope:
    """What a reader may see: ``whole`` district, or events in ``units`` (codes) and events of ``parties`` ("kind:code")."""

    whole: bool = False
    units: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A short name of the scope: the same for all who see the same; part of cache keys and ETags."""
        if self.whole:
            return "district"
        told = ",".join((*self.units, "|", *self.parties))
        return hashlib.sha256(told.encode()).hexdigest()[:16]


NOTHING = Scope()
EVERYTHING = Scope(whole=True)


def scope_of_unit(unit: str, district_code: str) -> Scope:
    """Return what a screen of a territory (12 digits) shows: the whole district, or what lies in the unit or is owned there."""
    return EVERYTHING if unit == district_code else Scope(False, (unit,), (str(Party(PartyKind.UNIT, unit)),))


def scope_of(actor: Actor, district_code: str) -> Scope:
    """Return what an actor may see by his posts; ``district_code`` is that of the whole district (12 digits)."""
    units, parties = set[str](), {f"{PartyKind.PERSON.value}:{actor.id.removeprefix('person:')}"}
    for post in actor.posts:
        if post.role in SEES_NO_MATTERS:
            continue
        of_place = not (post.department or post.station)
        if post.role in SEES_ALL or (of_place and post.unit == district_code):
            return EVERYTHING
        if post.department:
            parties.add(str(Party(PartyKind.DEPARTMENT, post.department)))
        elif post.station:
            parties.add(str(Party(PartyKind.STATION, post.station)))
        elif post.unit:
            units.add(post.unit)
            parties.add(str(Party(PartyKind.UNIT, post.unit)))
    return Scope(False, tuple(sorted(units)), tuple(sorted(parties)))
