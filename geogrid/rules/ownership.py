"""Who answers for a matter. An owner is never empty: where nobody is found, the territory answers (属地兜底).

Components are asked of their owner first, then of the territory; events of the territory first, then of the owner. The order
is the programme's.
"""

from __future__ import annotations

from geogrid.domain.events import EventKind
from geogrid.domain.matters import Territory
from geogrid.domain.programmes import Category, CategoryClass, Party, PartyKind, Programme, StationChoice


def owner_of(programme: Programme, category: Category | None, territory: Territory) -> Party:
    """Return who owns a matter of a category (None: not sorted yet) at a place, in the programme's order of search.

    A department owns a component, or an event, of its categories; the lowest unit of the territory owns the rest. A matter
    without a place belongs to the district.
    """
    is_component = category is not None and category.category_class is CategoryClass.COMPONENT
    order = programme.responsibility.component if is_component else programme.responsibility.event
    for source in order:
        found = _department(category) if source == "owner" else _unit(territory)
        if found is not None:
            return found
    return _unit(territory) or Party(PartyKind.UNIT, territory.district)


def level_of(programme: Programme, owner: Party, territory: Territory) -> str:
    """Return the level at which an owner stands: that of its unit, the lowest for a department and for who has no unit there.

    Two levels may share a unit (a village's grids, then the village): the matter begins at the lower one.
    """
    level = next((level for level, unit in territory.units if unit == owner.code), None)
    if owner.kind is PartyKind.UNIT and level is not None:
        return level
    if owner.kind is PartyKind.UNIT and owner.code == territory.district:
        return programme.levels[-1].code
    return programme.levels[0].code


def _department(category: Category | None) -> Party | None:
    return Party(PartyKind.DEPARTMENT, category.department) if category and category.department else None


def _unit(territory: Territory) -> Party | None:
    return Party(PartyKind.UNIT, territory.units[0][1]) if territory.units else None


def proposed_party(
    programme: Programme, category: Category | None, owner: Party, *, home_station: str = "", serving_station: str = ""
) -> Party:
    """Return whom a matter is proposed to be given to: who dispatches it may name somebody else.

    A dispute goes to a station, the home or the serving one first as the programme says; what a department answers for, to the
    department; all else stays with its owner. Stations are codes, "" where none is known.
    """
    if category is not None and category.kind is EventKind.DISPUTE:
        both = (home_station, serving_station)
        first = both if programme.responsibility.station is StationChoice.HOME else both[::-1]
        found = next((code for code in first if code), "")
        if found:
            return Party(PartyKind.STATION, found)
    return _department(category) or owner
