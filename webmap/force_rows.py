"""Duties laid out by grid and township: what a page chooses from, counts and shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from geogrid.domain.people import Force, WorkerRole
from geogrid.rules.duties import Faulty
from layers.forces import OnDuty

TOWNSHIP_DIGITS = 9


@dataclass(frozen=True)
class Forces:
    """Grids by code with their names and villages, who stands in each, what each lacks."""

    names: dict[str, str]
    villages: dict[str, str]
    by_grid: dict[str, list[OnDuty]]
    faults: Sequence[Faulty]
    faults_of: dict[str, list[Faulty]]

    @classmethod
    def of(cls, grids: Iterable[Any], held: Iterable[OnDuty], found: Sequence[Faulty]) -> Forces:
        """Lay out grids (rows with code, name, village_code), duties and faults."""
        by_grid, faults_of = defaultdict[str, list[OnDuty]](list), defaultdict[str, list[Faulty]](list)
        for one in held:
            by_grid[one.duty.grid].append(one)
        for fault in found:
            faults_of[fault.grid].append(fault)
        listed = list(grids)
        names = {grid.code: grid.name for grid in listed}
        return cls(names, {grid.code: grid.village_code or "" for grid in listed}, dict(by_grid), found, dict(faults_of))

    def people(self, force: Force) -> int:
        """Return how many people stand anywhere with a force."""
        return len({one.duty.person_id for held in self.by_grid.values() for one in held if one.duty.force is force})

    def chosen(self, *, township: str = "", words: str = "", fault: str = "") -> list[str] | None:
        """Return the codes of the grids that fit all that is asked, None where nothing is asked.

        ``words`` are looked for in codes and names of grids, logins and names of those on duty there.
        """
        if not (township or words or fault):
            return None
        codes = sorted({*self.names, *self.by_grid})
        if township:
            codes = [code for code in codes if self._township(code) == township[:TOWNSHIP_DIGITS]]
        if fault:
            codes = [code for code in codes if any(one.fault.value == fault for one in self.faults_of.get(code, ()))]
        return [code for code in codes if self._fits(code, words)] if words else codes

    def _township(self, code: str) -> str:
        return (self.villages.get(code) or code)[:TOWNSHIP_DIGITS]

    def _fits(self, code: str, words: str) -> bool:
        people = self.by_grid.get(code, ())
        return words in code or words in self.names.get(code, "") or any(words in {one.login, one.name} for one in people)

    def of_township(self, township: str) -> dict[str, int]:
        """Return what stands in a township: grids, leaders and workers of the base force, others, faults."""
        codes = [code for code in {*self.names, *self.by_grid} if self._township(code) == township[:TOWNSHIP_DIGITS]]
        held = [one.duty for code in codes for one in self.by_grid.get(code, ())]
        base = [duty for duty in held if duty.force is Force.BASE]
        return {
            "grids": sum(code in self.names for code in codes),
            "leaders": sum(duty.role is WorkerRole.GRID_LEADER for duty in base),
            "workers": sum(duty.role is WorkerRole.GRID_WORKER for duty in base),
            "professional": len({duty.person_id for duty in held if duty.force is Force.PROFESSIONAL}),
            "joint": len({duty.person_id for duty in held if duty.force is Force.JOINT}),
            "faults": sum(len(self.faults_of.get(code, ())) for code in codes),
        }
