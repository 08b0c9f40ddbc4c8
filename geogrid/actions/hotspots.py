"""Draw the hotspots of the last days: too long for a page, so a job draws them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.drawn_copies import copies_of
from geogrid.domain.grids import GeographyKind
from geogrid.space.hotspots import Cluster, contiguity, density, ranked
from geogrid.store import analysis, editions
from geogrid.store.analysis import HOTSPOTS, Drawn

HOTSPOT_DAYS = 30
USUAL_DAYS = 360  # the time before, from which the usual is taken
BANDWIDTH_M, CELL_M = 500.0, 100.0
# Events per square kilometre in HOTSPOT_DAYS: the same for every day, so that maps of two days can be compared.
BANDS = (1.0, 3.0, 10.0, 30.0, 100.0)


def draw_hotspots(session: Session, *, now: datetime, district: District, days: int = HOTSPOT_DAYS) -> bool:
    """Draw bands of density of the last ``days`` and clusters of grids that stand out, with their ratio to the usual."""
    edition = editions.in_force(session)
    start = now - timedelta(days=days)
    whole = {"made_at": now.isoformat(), "days": days, "step": analysis.last_step(session)}
    drawn = [
        *_bands(analysis.events_lonlat(session, start, now), district.profile.metric_srid, days, whole),
        *_clusters(session, edition, start, now, whole),
    ]
    analysis.replace(session, HOTSPOTS, edition.id, drawn)
    return bool(drawn)


def _bands(lonlat: np.ndarray, metric_srid: int, days: int, whole: dict[str, Any]) -> Iterator[Drawn]:
    field = density(lonlat[:, 0], lonlat[:, 1], metric_srid=metric_srid, bandwidth_m=BANDWIDTH_M, cell_m=CELL_M)
    to_days = days / HOTSPOT_DAYS
    for i, low in enumerate(BANDS):
        high = BANDS[i + 1] if i + 1 < len(BANDS) else np.inf
        shape = field.band(low * to_days, high * to_days)
        yield from copies_of(shape, f"band-{i + 1}", {"band": i + 1, **whole})


def _clusters(
    session: Session, edition: editions.Edition, start: datetime, now: datetime, whole: dict[str, Any]
) -> Iterator[Drawn]:
    from geogrid.store.geography import frame_of

    grids = frame_of(session, GeographyKind.BASE_GRIDS, edition)
    first = analysis.first_reported_at(session)
    if grids.empty or first is None:
        return
    before = max(first, start - timedelta(days=USUAL_DAYS))
    share = (now - start) / (start - before) if before < start else 0.0
    codes = grids["code"].to_numpy(dtype=object)
    counts = analysis.events_by_grid(session, start, now)
    earlier = analysis.events_by_grid(session, before, start)
    areas = np.asarray(grids.geometry.array, dtype=object)
    found = ranked(codes, [counts.get(c, 0) for c in codes], [earlier.get(c, 0) * share for c in codes], contiguity(areas))
    area_of = dict(zip(codes, areas, strict=True))
    for cluster in found:
        shape = shapely.coverage_union_all([area_of[code] for code in cluster.codes])
        yield from copies_of(shape, f"cluster-{cluster.rank:03d}", {**_said_of(cluster), **whole})


def _said_of(cluster: Cluster) -> dict[str, Any]:
    ratio = None if cluster.ratio is None else round(cluster.ratio, 2)
    said = {"rank": cluster.rank, "grids": list(cluster.codes), "events": cluster.events, "z": round(cluster.z, 2)}
    return said | {"usual": round(cluster.usual, 1), "ratio": ratio}
