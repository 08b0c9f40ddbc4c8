"""The compiled and the plain way side by side."""

from __future__ import annotations

import numpy as np

from geogrid.space.answers import UNDECIDED
from geogrid.space.index import AssignmentIndex
from tests.space import shapes

TEXTS = ("grid_code", "rule", "department_codes", "station_code", "home_station", "candidates")
LAST_STEP = 1.5e-6  # shares are cut to six decimals: two ways of summing areas may fall on either side of a cut
LAST_DIGIT_M = 1.5e-6  # distances are cut to a micrometre


def both(grids, stations=None, departments=None, **named):
    """The same index twice: (compiled, plain)."""
    named = {"metric_srid": shapes.SRID, **named}
    built = [AssignmentIndex.from_frames(grids, stations, departments, compiled=wanted, **named) for wanted in (True, False)]
    assert built[0].fast is not None
    assert built[1].fast is None
    return built


def differences(one, other, columns=TEXTS):
    """Rows of (point, column, one's, the other's answer) wherever two answers differ."""
    wrong = [
        (i, name, a, b)
        for name in columns
        for i, (a, b) in enumerate(zip(getattr(one, name).tolist(), getattr(other, name).tolist(), strict=True))
        if a != b and not (name == "candidates" and _alike(a, b))
    ]
    for name in ("confidence", "distance_m"):
        a, b = getattr(one, name), getattr(other, name)
        far = ~((np.abs(a - b) <= (LAST_DIGIT_M if name == "distance_m" else LAST_STEP)) | (np.isnan(a) & np.isnan(b)))
        wrong += [(i, name, a[i], b[i]) for i in np.flatnonzero(far).tolist()]
    return wrong


def _alike(ours, theirs):
    """Whether the candidates are the same grids in the same order, with shares that differ by no more than the last step."""
    if [one.grid_code for one in ours] != [one.grid_code for one in theirs]:
        return False
    return all(abs(a.share - b.share) <= LAST_STEP for a, b in zip(ours, theirs, strict=True))


def unsure(index, lonlat):
    """How many of the points the compiled way leaves to the plain way."""
    labels = np.empty(len(lonlat), dtype=np.int32)
    index.fast.places.find(*np.ascontiguousarray(lonlat.T), labels)
    return int((index.fast.meanings[labels] & 255 == UNDECIDED).sum())
