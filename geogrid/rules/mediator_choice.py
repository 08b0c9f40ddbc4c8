"""Who should mediate: proposed by skill, load, distance and free time, each said in words. A person decides.

Nobody is proposed who is a party to the dispute, stepped back from it, or was refused by a side. Skill goes before all else:
who is named for this kind of dispute, then who mediates all kinds, then the others. Within a skill the days of waiting decide:
until the first free hour, plus half a day for every open dispute, plus a day for every 20 km of way (assumptions, stated here
once). Equal ones stand in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from geogrid.errors.family import Reason

DAYS_A_MATTER = 0.5
METRES_A_DAY = 20_000.0
UNKNOWN_WAY_DAYS = 1.0  # who has no known place is proposed as one who lives 20 km away
NEVER_FREE_DAYS = 14.0
SLOT = timedelta(minutes=30)
SESSION = timedelta(hours=1)
SEARCHED_DAYS = 14


@dataclass(frozen=True)
class MediatorOffer:
    """A mediator as he is looked at.

    ``kinds`` are those of disputes he is named for (none: all), ``distance_m`` from his station to the dispute, ``free_at`` the
    first hour in which he could hold a session (None: none within two weeks).
    """

    person_id: UUID
    name: str
    station: str
    kinds: tuple[str, ...] = ()
    open_matters: int = 0
    distance_m: float | None = None
    free_at: datetime | None = None
    is_party: bool = False
    recused: bool = False


@dataclass(frozen=True)
class MediatorRank:
    """A mediator in his place of the row: his skill (0 best), the days he stands for, and why."""

    offer: MediatorOffer
    skill: int
    days: float
    reasons: tuple[Reason, ...] = field(compare=False)


def rank_mediators(offers: Iterable[MediatorOffer], kind: str, *, now: datetime) -> list[MediatorRank]:
    """Return who could mediate a dispute of ``kind`` ("" for any), the first to be proposed first."""
    ranked = [_ranked(offer, kind, now) for offer in offers if not (offer.is_party or offer.recused)]
    return sorted(ranked, key=lambda one: (one.skill, one.days, one.offer.person_id.int))


def _ranked(offer: MediatorOffer, kind: str, now: datetime) -> MediatorRank:
    skill = 1 if not (kind and offer.kinds) else 0 if kind in offer.kinds else 2
    wait = NEVER_FREE_DAYS if offer.free_at is None else max((offer.free_at - now).total_seconds(), 0.0) / 86_400
    way = UNKNOWN_WAY_DAYS if offer.distance_m is None else offer.distance_m / METRES_A_DAY
    days = round(wait + DAYS_A_MATTER * offer.open_matters + way, 6)
    return MediatorRank(offer, skill, days, _words(offer, skill))


def _words(offer: MediatorOffer, skill: int) -> tuple[Reason, ...]:
    skilled = ("Named for this kind of dispute", "Mediates all kinds", "Named for other kinds")[skill]
    said = [Reason(skilled), Reason("{count} open disputes", count=offer.open_matters)]
    if offer.distance_m is not None:
        said.append(Reason("{km} km from the place", km=f"{offer.distance_m / 1000:.1f}"))
    if offer.free_at is None:
        said.append(Reason("no free hour within two weeks"))
    else:
        said.append(Reason("free from {time}", time=f"{offer.free_at:%m-%d %H:%M}"))
    return tuple(said)


def next_free(
    busy: Sequence[tuple[datetime, datetime]],
    *,
    now: datetime,
    is_open: Callable[[datetime], bool],
    length: timedelta = SESSION,
    most: int = 1,
) -> list[datetime]:
    """Return the first ``most`` starts, at full or half hours after ``now``, of a session for which nobody is busy.

    ``is_open`` says whether the station is open at an instant; it must be open in every half hour of the session.
    """
    start = (now + SLOT).replace(second=0, microsecond=0)
    start -= timedelta(minutes=start.minute % 30)
    until, found = now + timedelta(days=SEARCHED_DAYS), list[datetime]()
    while start < until and len(found) < most:
        end = start + length
        steps = range(int(length / SLOT))
        if all(is_open(start + SLOT * i) for i in steps) and not any(a < end and start < b for a, b in busy):
            found.append(start)
        start += SLOT
    return found
