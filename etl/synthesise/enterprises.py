"""Made-up enterprises with codes that are well formed and nobody's, and a year of visits to them, some about events of that year.

The codes carry a county that is not assigned and registering department Y ("other"). Visits and solved problems have the number
that the reference deployment published; the rest are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from etl.synthesise.frames import frame, points
from etl.synthesise.ground import Ground
from etl.synthesise.names import person_names, place_names
from etl.synthesise.write import write_beside
from geogrid.domain.enterprises import ConcernKind, Handling, VisitKind
from geogrid.domain.events import EventKind
from geogrid.domain.grids import Department
from geogrid.rules.credit_code import check_character
from geogrid.space.crs import SRID_STORED

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

VISITS, SOLVED, OPEN = 229, 130, 3  # of the reference deployment in a year: visits, problems solved; some are open
YEAR_BEFORE = 180  # visits in the half-year before, so that not all who are due were never seen
LEGAL_CHECKS, DISPUTES = 60, 30
SHARE_OF_GRIDS = 0.3  # enterprises a base grid
CLASSES = (("small", 0.62), ("farm", 0.16), ("above_scale", 0.10), ("key", 0.07), ("project", 0.05))
TRADES = (
    "食品",
    "粮油",
    "建材",
    "机械",
    "商贸",
    "物流",
    "农机",
    "种业",
    "乳业",
    "纸业",
    "木业",
    "印务",
    "电气",
    "药材",
    "养殖",
    "饲料",
)
FORMS = ("有限公司", "有限责任公司", "专业合作社", "商行")
ASKED = (
    "反映货车进出道路不畅",
    "用工有缺口，盼对接招聘",
    "雨季门前排水不畅",
    "反映贷款手续时间长",
    "用电负荷不足，请求增容",
    "厂区外路灯不亮",
    "请求协调冬季供热",
)
SEEN = ("生产正常", "订单增加，设备满负荷", "运行平稳，无诉求", "新厂房已封顶", "安全台账齐全", "消防通道畅通")
CHECKED = (
    "劳动合同文本齐全",
    "建议补签竞业条款",
    "租赁合同需备案",
    "用工合同缺社保条款，已告知",
    "欠款纠纷，建议先行调解",
    "证照齐全",
)


@dataclass(frozen=True)
class _Happened:
    """Events of a kind: ids, places in local metres (n, 2), local days, whether closed."""

    ids: np.ndarray
    xy: np.ndarray
    days: np.ndarray
    closed: np.ndarray


def write_enterprises(folder: Path, ground: Ground, households: GeoDataFrame, grids: int, year: int) -> dict[str, int]:
    """Write ``enterprises`` and ``enterprise_visits`` beside the events that were written to ``folder``; return their numbers."""
    import pyarrow.parquet as pq

    columns = ["id", "kind", "reported_at", "closed_at", "geometry"]
    wanted = [EventKind.ENTERPRISE.value, EventKind.DISPUTE.value]
    rows = pq.read_table(folder / "events.parquet", columns=columns, filters=[("kind", "in", wanted)]).to_pandas()
    made = enterprise_frames(ground, households, rows, grids, year)
    write_beside(made, folder)
    return {name: len(table) for name, table in made.items()}


def enterprise_frames(
    ground: Ground, households: GeoDataFrame, events: pd.DataFrame, grids: int, year: int
) -> dict[str, GeoDataFrame]:
    """Return ``enterprises`` (points, EPSG:4490) and ``enterprise_visits`` (no geometry), every row synthetic.

    ``events`` has id, kind, reported_at, closed_at and geometry (WKB, degrees). Who raised a problem lies at the nearest home.
    """
    rng = ground.rng("enterprises")
    homes = ground.to_local(np.column_stack([households.geometry.x, households.geometry.y]))
    problems = _chosen(rng, _happened(ground, events, EventKind.ENTERPRISE))
    disputes = _happened(ground, events, EventKind.DISPUTE)
    disputes = _some(rng, disputes, min(DISPUTES, len(disputes.ids)))
    named = len(problems.ids) + len(disputes.ids)
    count = max(named, round(grids * SHARE_OF_GRIDS))
    near = _nearest(homes, np.vstack([problems.xy, disputes.xy]))
    others = rng.choice(len(homes), count - named, replace=len(homes) < count - named)
    at = np.r_[near, others].astype(int)
    lonlat = np.column_stack([households.geometry.x, households.geometry.y])[at]
    codes = _codes(rng, ground.profile.code, count)
    kinds, weights = zip(*CLASSES, strict=True)
    made = {
        "code": codes,
        "name": _names(rng, count),
        "class": rng.choice(kinds, count, p=weights),
        "address": households["address"].to_numpy(object)[at],
    }
    visits = _visits(rng, codes, problems, disputes, year)
    table = pd.DataFrame(visits).sort_values(["date", "code", "kind"], ignore_index=True)
    return {"enterprises": frame(made, points(lonlat)), "enterprise_visits": _without_places(table)}


def _without_places(table: pd.DataFrame) -> GeoDataFrame:
    from geopandas import GeoDataFrame

    return GeoDataFrame(table.assign(synthetic=True), geometry=[None] * len(table), crs=SRID_STORED)


def _happened(ground: Ground, events: pd.DataFrame, kind: EventKind) -> _Happened:
    import shapely

    rows = events[events["kind"] == kind.value].sort_values("id")
    places = shapely.from_wkb(rows["geometry"].to_numpy(object))
    there = ~(shapely.is_missing(places) | shapely.is_empty(places))
    rows, places = rows[there], places[there]
    xy = ground.to_local(np.column_stack([shapely.get_x(places), shapely.get_y(places)]))
    days = rows["reported_at"].dt.tz_convert(ground.profile.timezone).dt.date.to_numpy(object)
    return _Happened(rows["id"].to_numpy(object), xy, days, rows["closed_at"].notna().to_numpy())


def _some(rng: np.random.Generator, found: _Happened, count: int) -> _Happened:
    at = np.sort(rng.choice(len(found.ids), count, replace=False)) if count else np.empty(0, int)
    return _Happened(found.ids[at], found.xy[at], found.days[at], found.closed[at])


def _chosen(rng: np.random.Generator, found: _Happened) -> _Happened:
    """Return as many closed problems as were solved, and a few that are open, where there are so many."""
    closed, waiting = np.flatnonzero(found.closed), np.flatnonzero(~found.closed)
    taken = np.r_[
        rng.choice(closed, min(SOLVED, len(closed)), replace=False), rng.choice(waiting, min(OPEN, len(waiting)), replace=False)
    ].astype(int)
    return _Happened(found.ids[taken], found.xy[taken], found.days[taken], found.closed[taken])


def _nearest(homes: np.ndarray, xy: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(homes).query(xy)[1]) if len(xy) else np.empty(0, int)


def _codes(rng: np.random.Generator, county: str, count: int) -> np.ndarray:
    """Return different codes of registering department Y: well formed, of a county that nobody has."""
    numbers = rng.choice(10**8, count, replace=False)
    first = [f"Y1{county}{number:08d}{number % 10}" for number in numbers]
    return np.array([one + check_character(one) for one in first], dtype=object)


def _names(rng: np.random.Generator, count: int) -> list[str]:
    stems = [*place_names(rng, min(count, 300)), *place_names(rng, max(0, min(count - 300, 300)))]
    trades, forms = rng.choice(TRADES, count), rng.choice(FORMS, count, p=[0.6, 0.15, 0.17, 0.08])
    return [f"{stems[i % len(stems)]}{trade}{form}" for i, (trade, form) in enumerate(zip(trades, forms, strict=True))]


def _visits(
    rng: np.random.Generator, codes: np.ndarray, problems: _Happened, disputes: _Happened, year: int
) -> dict[str, list[Any]]:
    """Return the columns of visits: with the problems raised at them, without, and legal check-ups, some about a dispute."""
    raised, argued = len(problems.ids), len(disputes.ids)
    plain, checks = max(0, VISITS - raised), max(argued, LEGAL_CHECKS)
    before = pd.date_range(f"{year - 1}-07-01", f"{year - 1}-12-30", freq="B").date
    bodies = [f"department:{one.value}" for one in Department]
    days = pd.date_range(f"{year}-01-02", f"{year}-12-30", freq="B").date
    count = raised + plain + checks + YEAR_BEFORE
    free = rng.integers(min(raised + argued, len(codes) - 1), len(codes), size=plain + checks - argued)
    whose = np.r_[np.arange(raised), free[:plain], raised + np.arange(argued), free[plain:]].astype(int)
    whose = np.r_[whose, rng.integers(len(codes), size=YEAR_BEFORE)]
    on = [*problems.days, *rng.choice(days, plain), *disputes.days, *rng.choice(days, checks - argued)]
    on += [*rng.choice(before, YEAR_BEFORE)]
    problem, dispute = ConcernKind.PROBLEM.value, ConcernKind.DISPUTE.value
    visits, checked = VisitKind.VISIT.value, VisitKind.LEGAL_CHECK.value
    handling = rng.choice([one.value for one in Handling], raised, p=[0.45, 0.25, 0.30])
    first, second = person_names(rng, count), person_names(rng, count)
    return {
        "code": [str(codes[i]) for i in whose],
        "date": [day.isoformat() for day in on],
        "kind": [visits] * (raised + plain) + [checked] * checks + [visits] * YEAR_BEFORE,
        "body": [str(one) for one in rng.choice(bodies, count)],
        "visitors": [f"{a}、{b}" for a, b in zip(first, second, strict=True)],
        "seen": [
            str(one)
            for part, size in ((ASKED, raised), (SEEN, plain), (CHECKED, checks), (SEEN, YEAR_BEFORE))
            for one in rng.choice(part, size)
        ],
        "event": [*map(str, problems.ids), *[""] * plain, *map(str, disputes.ids), *[""] * (checks - argued + YEAR_BEFORE)],
        "concern": [problem] * (raised + plain) + [dispute] * checks + [problem] * YEAR_BEFORE,
        "handling": [*map(str, handling), *[""] * (plain + checks + YEAR_BEFORE)],
    }
