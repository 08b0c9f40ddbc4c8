"""Check what was promised: every invariant over all rows and files. Reads only."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from geogrid.actions.district import read_danger
from geogrid.actions.fsck_desk import broken_desk
from geogrid.actions.fsck_matters import CLOSED_AT, STATE_WRONG, STEPS_FORBIDDEN, broken_matters
from geogrid.actions.photos import photo_path
from geogrid.actions.programme_versions import Versions
from geogrid.actions.programmes import Programmes, shipped_programmes
from geogrid.domain.events import StepKind
from geogrid.domain.profiles import Profile
from geogrid.errors import GeogridError
from geogrid.rules.danger import Danger
from geogrid.rules.lifecycle import fold
from geogrid.settings import ROOT
from geogrid.store import cells, checks, editions

MOST_NAMED = 20
LEASE_GRACE = timedelta(minutes=10)  # the sweep comes every few seconds while jobs run
GRACE_S = 60.0  # a photo's file is there a moment before its row

# invariant, what a breach of it says (English; the catalogue has the other languages), the query that finds it
QUERIES = (
    ("I2", "An event must have exactly one current assignment.", checks.ASSIGNED_ONCE),
    ("I2", "An assignment was made under an edition that was not in force then.", checks.ASSIGNED_IN_FORCE),
    ("I3", "An open event is under an edition that is not in force.", checks.OPEN_UNDER_RETIRED),
    ("I3", "A closed event was assigned anew after it was closed.", checks.CLOSED_KEEP_THEIRS),
    ("I3", "An edition's state does not agree with its time of validity.", checks.ONE_EDITION),
    ("I5", "The steps of an event have a gap.", checks.STEPS_WITHOUT_GAPS),
    ("I5", CLOSED_AT, checks.CLOSED_AT),
    ("I6", "What was merged does not follow its parent to the end.", checks.MERGED_APART),
    ("I7", "A delivery neither waits for a next try nor has ended with a reason.", checks.ADRIFT),
    ("P1", "An event's grid is not that of its current assignment.", checks.PROJECTED_PLACE),
    ("P1", "An event's village is not that of its grid.", checks.PROJECTED_VILLAGE),
    ("P1", "An event's township is not that of its village.", checks.PROJECTED_TOWNSHIP),
    ("P1", "Where an event lies is not where the desk shows it.", checks.PROJECTED_SPANS),
    ("P1", "Who has a part in a matter is not what the matter says.", checks.PROJECTED_CONCERNS),
)
PHOTO_MISSING = "A photo has a row and no file."
PHOTO_CHANGED = "The bytes of a photo are not those of its SHA-256."
PHOTO_ORPHAN = "A photo's file has no row."
GAP = "The base grids leave a gap."
OVERLAP = "Grids of one kind overlap."
LEASE_OVER = "A delivery has been in a sender's hands past its lease: no job sweeps the outbox."
CELLS_WRONG = "The counts of a cell are not those of the events in it."


@dataclass(frozen=True)
class Breach:
    """One broken invariant: its name, what is wrong (English), how many rows, and up to 20 of them by name."""

    invariant: str
    says: str
    count: int
    rows: tuple[str, ...]


def fsck(
    session: Session,
    *,
    var_dir: Path,
    now: datetime,
    profile: Profile,
    programmes: Programmes | None = None,
    danger: Danger | None = None,
) -> list[Breach]:
    """Check all invariants at ``now`` and return the breaches, none where all is well.

    I1 photos are what their hash says; I2 one assignment an event, made under an edition in force; I3 open events under the
    edition in force, closed ones as they were closed; I4 the grids are a tiling; I5 steps without gaps that add up to the
    state; I6 matters with their owners and rules; I9 no photo's file without a row; P1 the projection; P2 the counts of cells;
    P3 matters and clocks, folded again under ``programmes`` and with what means ``danger`` to life (None: those that
    come with the platform); D1 to D6 and P4 what the desk keeps, and what figures count.
    """
    found: list[Breach] = []
    for invariant, says, query in QUERIES:
        rows = checks.broken(session, query)
        found += _breach(invariant, says, [f"{row} ({about})" for row, about in rows])
    found += _steps(session)
    found += _matters(session, now, profile, programmes, read_danger(ROOT / "data") if danger is None else danger)
    for invariant, says, named in broken_desk(session, timezone=profile.timezone):
        found += _breach(invariant, says, named)
    found += _breach("I8", LEASE_OVER, [f"{row} ({by})" for row, by in checks.leases_over(session, now - LEASE_GRACE)])
    found += _photos(session, var_dir)
    found += _tiling(session, profile)
    wrong = [
        f"{c['zoom']}/{c['cell_x']}/{c['cell_y']} ({c['kept_events']} / {c['counted_events']})" for c in cells.wrong(session)
    ]
    found += _breach("P2", CELLS_WRONG, wrong)
    return sorted(found, key=lambda breach: breach.invariant)


def _breach(invariant: str, says: str, rows: Sequence[str], count: int | None = None) -> list[Breach]:
    if not rows:
        return []
    return [Breach(invariant, says, len(rows) if count is None else count, tuple(rows[:MOST_NAMED]))]


def _steps(session: Session) -> Iterator[Breach]:
    for kinds, state, count, named in checks.histories(session):
        try:
            told = fold(StepKind(kind) for kind in kinds)
        except GeogridError:
            yield from _breach("I5", STEPS_FORBIDDEN, [f"{row} ({' '.join(kinds)})" for row in named], count)
        else:
            if told.value != state:
                yield from _breach("I5", STATE_WRONG, [f"{row} ({state} / {told.value})" for row in named], count)


def _matters(
    session: Session, now: datetime, profile: Profile, programmes: Programmes | None, danger: Danger
) -> Iterator[Breach]:
    """Fold every matter again, a portion at a time, and keep of each kind of breach its count and the first rows."""
    if programmes is None:
        here = Versions(lambda: nullcontext(session), once=False)
        programmes = replace(shipped_programmes(profile.programme), versions=here)
    counts, rows = Counter[tuple[str, str]](), dict[tuple[str, str], list[str]]()
    for invariant, says, row in broken_matters(session, now=now, programmes=programmes, county=profile.code, danger=danger):
        counts[invariant, says] += 1
        named = rows.setdefault((invariant, says), [])
        named += [row] if len(named) < MOST_NAMED else []
    for (invariant, says), named in rows.items():
        yield from _breach(invariant, says, named, counts[invariant, says])


def _photos(session: Session, var_dir: Path) -> list[Breach]:
    missing, changed, known = [], [], set(checks.photo_hashes(session))
    for sha256 in sorted(known):
        path = photo_path(var_dir, sha256)
        if not path.is_file():
            missing.append(sha256)
        elif _sha256(path) != sha256:
            changed.append(sha256)
    files = sorted(path for path in (var_dir / "photos").glob("[0-9a-f][0-9a-f]/*") if path.is_file())
    settled = time.time() - GRACE_S  # by the clock of the file system, not by that of a demo
    orphans = [str(path.relative_to(var_dir)) for path in files if path.name not in known and path.stat().st_mtime < settled]
    return [
        *_breach("I1", PHOTO_MISSING, missing),
        *_breach("I1", PHOTO_CHANGED, changed),
        *_breach("I9", PHOTO_ORPHAN, orphans),
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tiling(session: Session, profile: Profile) -> list[Breach]:
    edition = editions.find_in_force(session)
    if edition is None:
        return []
    from geogrid.actions import tiling
    from geogrid.store.geography import frames_of

    frames = frames_of(session, edition.id)
    faults = tiling.base_grid_faults(frames, profile)
    overlaps = (*faults.overlaps, *tiling.department_overlaps(frames.departments, profile))
    gaps = _breach("I4", GAP, [tiling.place_of(fault) for fault in faults.gaps])
    return [*gaps, *_breach("I4", OVERLAP, [tiling.place_of(fault) for fault in overlaps])]
