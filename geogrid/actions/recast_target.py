"""The edition that events are recast to: each point assigned anew, the word of a person carried over where it still holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geogrid import errors
from geogrid.actions.district import District, Geography, compile_geography
from geogrid.domain.grids import AssignmentRule, EditionState, GeographyKind
from geogrid.domain.readings import Bucket, CountLevel, NoHeir
from geogrid.space.heirs import Heir, heirs_of
from geogrid.store import editions
from geogrid.store.editions import Edition

BUCKETS = tuple(Bucket)  # its first members are the rules, in their order: the numbers of rules are numbers of buckets
RULES = tuple(AssignmentRule)
NOT_RECASTABLE, PLACED, UNLOCATED = (BUCKETS.index(b) for b in (Bucket.NOT_RECASTABLE, Bucket.PLACED, Bucket.UNLOCATED))
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
    geography: Geography
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
        found = self.geography.index.assign(rows["lon"][here], rows["lat"][here]) if len(here) else None
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


def target_of(session: Session, edition: Edition, by: CountLevel, hands: Hands, keys: Codes, district: District) -> Target:
    """Return an edition ready to recast to; one that is only loaded is compiled from what it holds in this snapshot.

    Raises
    ------
    errors.EditionWithdrawn, EditionIncomplete
        where the edition has no grids (any more).
    """
    if edition.state is EditionState.WITHDRAWN:
        raise errors.EditionWithdrawn(name=edition.name)
    geography = _geography(session, edition, district)
    codes = [str(code) for code in geography.index.grids.codes]
    place = {code: i for i, code in enumerate(codes)}
    heirs = tuple(_heirs(session, edition, hands, district))
    return Target(
        edition=edition,
        geography=geography,
        by=by,
        hands=hands,
        heirs=heirs,
        keys=keys,
        hand_grid=np.array([-1 if heir.code is None else place[heir.code] for heir in heirs], dtype=np.int32),
        grid_key=keys.numbers([*(_key(geography, by, code, district) for code in codes), None]),
    )


def _geography(session: Session, edition: Edition, district: District) -> Geography:
    if edition.state is not EditionState.LOADED:
        return district.geography_for(edition.id)
    from geogrid.store.geography import frames_of

    frames = frames_of(session, edition.id)  # never from what is kept by its id: a loaded edition can be loaded again
    if frames.grids.empty:
        raise errors.EditionIncomplete(name=edition.name, kind=GeographyKind.BASE_GRIDS.label)
    return compile_geography(frames, edition.id, district.profile)


def _key(geography: Geography, by: CountLevel, grid_code: str, district: District) -> str | None:
    village, township = geography.units_of[grid_code]
    keys = {CountLevel.VILLAGE: village, CountLevel.TOWNSHIP: township, CountLevel.DISTRICT: district.profile.code}
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
