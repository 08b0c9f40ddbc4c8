"""The edition that events are recast to: each point assigned anew, the word of a person carried over where it still holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geogrid import errors
from geogrid.actions.answers import Units
from geogrid.actions.district import District, units_of_grids
from geogrid.domain.grids import AssignmentRule, EditionState, GeographyKind
from geogrid.domain.readings import Bucket, CountLevel, NoHeir
from geogrid.space.heirs import Heir, heirs_of
from geogrid.store import editions
from geogrid.store.editions import Edition

if TYPE_CHECKING:
    from geogrid.space.index import AssignmentIndex

BUCKETS = tuple(Bucket)  # its first members are the rules, in their order: the numbers of rules are numbers of buckets
RULES = tuple(AssignmentRule)
NOT_RECASTABLE, PLACED, UNLOCATED = (BUCKETS.index(b) for b in (Bucket.NOT_RECASTABLE, Bucket.PLACED, Bucket.UNLOCATED))
COMPILED_FROM = 150_000  # events; with fewer the plain way is done sooner than the compiled one is built
GONE = Heir(None, NoHeir.GONE, ())

Hands = Sequence[tuple[int, str]]
Numbers = NDArray[np.int32]


class Codes:
    """Codes and their numbers, given out as they come; None is -1."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self.numbers(known)

    def numbers(self, codes: Iterable[str | None]) -> Numbers:
        """Return the number of each code."""
        return np.array([-1 if code is None else self._number(code) for code in codes], dtype=np.int32)

    def _number(self, code: str) -> int:
        number = self._numbers.setdefault(code, len(self.texts))
        if number == len(self.texts):
            self.texts.append(code)
        return number

    def text(self, number: int) -> str | None:
        """Return the code of a number."""
        return None if number < 0 else self.texts[number]


@dataclass(frozen=True)
class Target:
    """An edition ready to answer: ``heirs`` for every (edition, grid) that persons named; ``keys`` number codes of the level."""

    edition: Edition
    index: AssignmentIndex
    by: CountLevel
    hands: Hands
    heirs: tuple[Heir, ...]
    keys: Codes
    hand_grid: Numbers  # number of the heir among the grids, -1
    grid_key: Numbers  # number of each grid's key; the last stands for no grid

    def places(self, rows: NDArray[np.void]) -> tuple[Numbers, Numbers]:
        """Return (number of the bucket, number of the key) for events with ``lon``, ``lat``, ``hand``."""
        grid = np.full(len(rows), -1, dtype=np.int32)
        bucket = np.full(len(rows), UNLOCATED, dtype=np.int32)
        here = np.flatnonzero(np.isfinite(rows["lon"]))
        found = self.index.assign(rows["lon"][here], rows["lat"][here]) if len(here) else None
        if found is not None:
            grid[here], bucket[here] = found.numbers.grid, found.numbers.rule
        lost = np.flatnonzero((grid < 0) & (rows["hand"] >= 0))
        grid[lost] = self.hand_grid[rows["hand"][lost]]
        bucket[lost] = np.where(grid[lost] >= 0, PLACED, NOT_RECASTABLE)
        if self.by not in {CountLevel.DEPARTMENT, CountLevel.STATION}:
            return bucket, self.grid_key[grid]
        key = np.full(len(rows), -1, dtype=np.int32)
        if found is not None:
            key[here] = self._of_points(found)
        return bucket, key

    def _of_points(self, found: Any) -> Numbers:
        if self.by is CountLevel.STATION:
            return self.keys.numbers(found.tables.station_codes)[found.numbers.station]
        sets = self.keys.numbers(";".join(codes) or None for codes in found.department_sets)
        return sets[found.numbers.departments]


def target_of(
    session: Session, edition: Edition, by: CountLevel, hands: Hands, keys: Codes, district: District, *, events: int
) -> Target:
    """Return an edition ready to recast so many events to; one that is only loaded is read as it is in this snapshot.

    Raises
    ------
    errors.EditionWithdrawn, EditionIncomplete
        where the edition has no grids (any more).
    """
    if edition.state is EditionState.WITHDRAWN:
        raise errors.EditionWithdrawn(name=edition.name)
    if edition.state is EditionState.LOADED:
        index, units_of = _of_draft(session, edition, by, district, events=events)
    else:
        geography = district.geography_for(edition.id)
        index, units_of = geography.index, geography.units_of
    codes = [str(code) for code in index.grids.codes]
    place = {code: i for i, code in enumerate(codes)}
    heirs = tuple(_heirs(session, edition, hands, district))
    return Target(
        edition=edition,
        index=index,
        by=by,
        hands=hands,
        heirs=heirs,
        keys=keys,
        hand_grid=np.array([-1 if heir.code is None else place[heir.code] for heir in heirs], dtype=np.int32),
        grid_key=keys.numbers([*(_key(units_of[code], by, code, district) for code in codes), None]),
    )


def _of_draft(
    session: Session, edition: Edition, by: CountLevel, district: District, *, events: int
) -> tuple[AssignmentIndex, dict[str, Units]]:
    """Return index and units of an edition not yet in force: never what is kept by its id, since it can be loaded again.

    Only what the level asks is built, and what takes long to compile only for many events.
    """
    from geogrid.space.index import AssignmentIndex
    from geogrid.store.geography import frames_of

    frames = frames_of(session, edition.id)
    if frames.grids.empty:
        raise errors.EditionIncomplete(name=edition.name, kind=GeographyKind.BASE_GRIDS.label)
    profile = district.profile
    index = AssignmentIndex.from_frames(
        frames.grids,
        frames.stations if by is CountLevel.STATION else None,
        frames.departments if by is CountLevel.DEPARTMENT else None,
        district=frames.district,
        metric_srid=profile.metric_srid,
        gap_tolerance_m=profile.gap_tolerance_m,
        accuracy_share=profile.accuracy_share,
        compiled=None if events > COMPILED_FROM else False,
    )
    return index, units_of_grids(frames)


def _key(units: Units, by: CountLevel, grid_code: str, district: District) -> str | None:
    keys = {CountLevel.VILLAGE: units[0], CountLevel.TOWNSHIP: units[1], CountLevel.DISTRICT: district.profile.code}
    return keys.get(by, grid_code)


def _heirs(session: Session, edition: Edition, hands: Hands, district: District) -> list[Heir]:
    """Return what became of each grid that persons named, in the order of ``hands``."""
    from geogrid.store.geography import frame_of

    named: dict[int, set[str]] = defaultdict(set)
    for edition_id, code in hands:
        named[edition_id].add(code)
    new = frame_of(session, GeographyKind.BASE_GRIDS, edition) if set(named) - {edition.id} else None
    found: dict[tuple[int, str], Heir] = {}
    for edition_id, codes in named.items():
        if edition_id == edition.id or new is None:
            found |= {(edition_id, code): Heir(code, None, (code,)) for code in codes}
            continue
        old = frame_of(session, GeographyKind.BASE_GRIDS, editions.by_id(session, edition_id))
        old = old[old["code"].isin(codes)]
        sides = [values for frame in (old, new) for values in (frame["code"].to_numpy(object), np.asarray(frame.geometry.array))]
        heirs = heirs_of(*sides, metric_srid=district.profile.metric_srid)
        found |= {(edition_id, code): heirs.get(code, GONE) for code in codes}
    return [found[hand] for hand in hands]
