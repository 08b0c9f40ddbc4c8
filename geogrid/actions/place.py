"""Which grid is it? The answer for a point, nothing stored."""

from __future__ import annotations

import numpy as np
from sqlalchemy.orm import Session

from geogrid.actions.answers import answers
from geogrid.actions.district import District
from geogrid.domain.grids import Assignment
from geogrid.store import editions


def find_grid(session: Session, lon: float, lat: float, *, district: District, accuracy_m: float | None = None) -> Assignment:
    """Return the assignment of a point (degrees on the datum of record) under the edition in force; raises EditionNotInForce."""
    edition = editions.in_force(session)
    (found,) = answers(district, edition.id, [lon], [lat], [np.nan if accuracy_m is None else accuracy_m])
    return found
