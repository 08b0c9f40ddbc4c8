"""Where is it said to be? The places that words could mean, under the edition in force; nothing is stored."""

from __future__ import annotations

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.domain.places import PlaceCandidate
from geogrid.store import editions, names


def find_places(
    session: Session,
    text: str,
    *,
    district: District,
    near_lonlat: tuple[float, float] | None = None,
    most: int = 10,
) -> tuple[PlaceCandidate, ...]:
    """Return at most ``most`` places for ``text``, the likeliest first; ``near_lonlat`` (degrees of record) breaks ties.

    Raises EditionNotInForce. The first call under an edition, or after
    former names were loaded, compiles its gazetteer, which takes seconds.
    """
    edition = editions.in_force(session)
    return district.gazetteer_for(edition.id, names.version(session)).find(text, near_lonlat=near_lonlat, most=most)
