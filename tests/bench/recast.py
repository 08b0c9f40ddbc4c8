"""Recast a register of a million events to a draft edition, beside geopandas joining anew and counting.

First the counts by grid must be equal, then time: ours is what assigning and counting cost beyond reading the rows and compiling
the draft, and the whole; the peer has its points in memory already. The draft merges some
grids with a neighbour and splits others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import text

from geogrid.actions.district import district_of
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.actions.recast import count_events
from geogrid.actions.recast_target import Codes, target_of
from geogrid.domain.grids import GeographyKind
from geogrid.domain.readings import Asked, Bucket, CountLevel, Period, Reading
from geogrid.space.answers import RULES
from geogrid.store import editions, readings
from geogrid.store.cluster import cluster_url, create_database, start_cluster, stop_cluster
from geogrid.store.copying import copy_rows
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope, snapshot_scope
from tests.bench.grounds import Ground, ground_of, made_twin, points_frame
from tests.bench.harness import (
    Gate,
    at_least,
    at_most,
    exact,
    machine,
    on_what,
    points_option,
    prepare,
    report,
    seconds,
    small_option,
)

NOW = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
YEARS = 10
RUNS, PEER_RUNS = 3, 1
BEYOND_S = 1.0  # a million events, beyond reading them
CHANGED = 0.05  # of the grids: as many merged with a neighbour as split
GEOGRAPHY = (GeographyKind.UNITS, GeographyKind.BASE_GRIDS, GeographyKind.DEPARTMENT_GRIDS, GeographyKind.STATIONS)
STAGED = "CREATE TEMP TABLE staged (n int, lon float8, lat float8, rule text, grid text, at timestamptz)"
FILL = """
INSERT INTO events (id, number, body_hash, channel, kind, words, observed_at, reported_at, datum, original_lon, original_lat,
  state, is_open, closed_at, edition_id, grid_code, village_code, township_code, rule, synthetic, point, cell_x, cell_y)
SELECT gen_random_uuid(), 'b' || n, sha256(n::text::bytea), 'patrol', 'facility', '', at, at, 'cgcs2000', lon, lat,
  'closed', false, at, :edition, grid, g.village_code, u.parent_code, rule, true, ST_SetSRID(ST_MakePoint(lon, lat), :srid), 0, 0
FROM staged LEFT JOIN base_grids AS g ON g.code = grid AND g.edition_id = :edition
LEFT JOIN units AS u ON u.code = g.village_code AND u.level = 'village' AND u.edition_id = :edition
"""
ASSIGN = """
INSERT INTO assignments (event_id, edition_id, assigned_at, rule, grid_code, confidence)
SELECT id, edition_id, :now, rule, grid_code, 1.0 FROM events
"""


@click.command()
@small_option
@points_option(1_000_000)
def main(small: bool, points: int) -> None:
    """Measure."""
    prepare()
    found: dict[str, Any] = {"machine": machine(), "points": points if not small else min(points, 20_000)}
    twin, profile = made_twin(small)
    ground = ground_of(twin, profile, found["points"], np.random.default_rng(1))
    drafted = draft_of(ground.grids)
    with register(twin, profile, ground, drafted) as engine, snapshot_scope(engine) as session:
        district = district_of(profile, session)

        def ask(**values: Any) -> Any:
            return count_events(session, Asked(**values), now=NOW, district=district)

        target = {"reading": Reading.RECAST, "edition": "draft"}
        counts = ask(**target, flow=True)
        lonlat = points_frame(ground)
        found["differences"] = differences(counts, joined(lonlat, drafted))
        runs, peer_runs = (1, 1) if small else (RUNS, PEER_RUNS)
        found["read_s"] = seconds(runs, lambda: read(session, profile.code))
        found["recast_s"] = seconds(runs, lambda: ask(**target))
        draft, grid = editions.named(session, "draft"), CountLevel.GRID
        built = lambda: target_of(session, draft, grid, [], Codes(), district, events=found["points"])  # noqa: E731
        found["compile_s"] = seconds(runs, built)
        found["recast_by_month_with_flow_s"] = seconds(runs, lambda: ask(**target, period=Period.MONTH, flow=True))
        found["recorded_s"] = seconds(runs, ask)
        found["as_of_s"] = seconds(runs, lambda: ask(reading=Reading.AS_OF, as_of=NOW))
        found["geopandas_s"] = seconds(peer_runs, lambda: joined(lonlat, drafted))
    found["beyond_reading_s"] = max(found["recast_s"] - found["read_s"] - found["compile_s"], 1e-9)
    found["faster"] = found["geopandas_s"] / found["beyond_reading_s"]
    found["faster_with_reading"] = found["geopandas_s"] / found["recast_s"]
    report("recast", found, gates_of(found), lines=lines(found), small=small)


def read(session: Any, profile: str) -> None:
    """Read every row that a recast reads, and do nothing with it."""
    source = readings.Source(CountLevel.GRID, None, None, None, profile)
    readings.count(session, source)
    known = sorted(readings.codes(session, source))
    for _ in readings.read(session, source, key_codes=known, hands=readings.by_hand(session, source)):
        pass


def gates_of(found: dict[str, Any]) -> list[Gate]:
    """Return the gate, that counts are exact, and our own goals of time."""
    return [
        *exact("events recast to another grid than geopandas joins", found["differences"]),
        *at_most("recast beyond reading, s a million", found["beyond_reading_s"] * 1e6 / found["points"], goal=BEYOND_S),
        *at_least("recast beyond reading x geopandas join and groupby", found["faster"], goal=5),
    ]


def draft_of(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return grids of which some are merged with their neighbour along the list and others split down the middle."""
    rows, rng, i = grids.to_dict("records"), np.random.default_rng(2), 0
    out: list[dict[str, Any]] = []
    while i < len(rows):
        row, follower = rows[i], rows[i + 1] if i + 1 < len(rows) else None
        chance = rng.uniform()
        i += 1
        if chance < CHANGED and follower and follower["village_code"] == row["village_code"]:
            out.append(row | {"geometry": shapely.union(row["geometry"], follower["geometry"])})
            i += 1
        elif chance > 1.0 - CHANGED:
            west, south, east, north = shapely.bounds(row["geometry"])
            middle = round((west + east) / 2, 9)
            halves = [
                shapely.clip_by_rect(row["geometry"], *box)
                for box in ((west, south, middle, north), (middle, south, east, north))
            ]
            codes = (row["code"], f"{row['code'][:-3]}9{row['code'][-2:]}")
            out += [row | {"code": code, "geometry": shapely.make_valid(half)} for code, half in zip(codes, halves, strict=True)]
        else:
            out.append(row)
    return gpd.GeoDataFrame(out, geometry="geometry", crs=grids.crs)


@contextmanager
def register(twin: dict[str, Any], profile: Any, ground: Ground, drafted: gpd.GeoDataFrame) -> Iterator[Any]:
    """Yield an engine on a cluster of its own that holds the twin, the events of ten years, and the draft."""
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
        var_dir = Path(folder)
        var_dir.chmod(0o755)
        start_cluster(var_dir, durable=False)
        create_database(var_dir, "bench")
        engine = engine_of(cluster_url(var_dir, "bench"))
        try:
            migrate(engine)
            with session_scope(engine) as session:
                district = district_of(profile, session)
                frames = {kind: twin[kind.value] for kind in GEOGRAPHY}
                edition = load_edition(session, "first", frames, now=NOW - timedelta(days=1), district=district)
                activate_edition(session, "first", now=NOW - timedelta(days=1), district=district, accept_faults=True)
                fill(session, ground, edition.id)
                load_edition(session, "draft", {GeographyKind.BASE_GRIDS: drafted}, now=NOW, district=district)
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE events, assignments"))
            yield engine
        finally:
            engine.dispose()
            stop_cluster(var_dir)


def fill(session: Any, ground: Ground, edition_id: int) -> None:
    """Put the points into the register as closed events of ten years, assigned to the twin's grids."""
    found = ground.index(compiled=True, everything=False).assign(ground.lon, ground.lat)
    seconds_ago = np.random.default_rng(3).integers(1, YEARS * 365 * 86_400, len(ground.lon)).tolist()
    rules = [RULES[number] for number in found.numbers.rule]
    columns = (ground.lon.tolist(), ground.lat.tolist(), rules, found.grid_code.tolist(), seconds_ago)
    session.execute(text(STAGED))
    rows = (
        (n, lon, lat, rule, grid, NOW - timedelta(seconds=s))
        for n, (lon, lat, rule, grid, s) in enumerate(zip(*columns, strict=True))
    )
    copy_rows(session, "staged", ["n", "lon", "lat", "rule", "grid", "at"], rows)
    from geogrid.space.crs import SRID_STORED

    session.execute(text(FILL), {"edition": edition_id, "srid": SRID_STORED})
    session.execute(text(ASSIGN), {"now": NOW - timedelta(hours=1)})


def joined(points: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> pd.Series:
    """Return events by grid as geopandas joins them: of several grids that a point touches, the lowest code."""
    pairs = gpd.sjoin(points, grids[["code", "geometry"]], predicate="intersects")
    return pairs.groupby(level=0)["code"].min().value_counts()


def differences(counts: Any, peer: pd.Series) -> int:
    """Return by how many events the counts differ, but for gaps within the tolerance, which a join does not know."""
    ours = {row.code: row.counted for row in counts.counts if row.code}
    codes = set(ours) | set(peer.index)
    gaps = counts.buckets[Bucket.GAP][1]
    return max(0, sum(abs(ours.get(code, 0) - int(peer.get(code, 0))) for code in codes) - gaps)


def lines(found: dict[str, Any]) -> list[str]:
    def row(what: str, key: str) -> str:
        return f"| {what} | {found[key]:.2f} s |"

    return [
        f"{found['points']:,} events of {YEARS} years, recast to a draft edition ({on_what(found)}). "
        f"Counts by grid differ from geopandas' by {found['differences']} events.",
        "",
        "| what | median |",
        "|---|--:|",
        row("reading the rows (binary COPY, portions)", "read_s"),
        row("recast by grid, with reading and with compiling the draft", "recast_s"),
        row("of it compiling the draft", "compile_s"),
        row("recast by grid and month with the flow of what moved", "recast_by_month_with_flow_s"),
        row("as recorded", "recorded_s"),
        row("as of an instant", "as_of_s"),
        row("geopandas `sjoin(intersects)` and groupby, points in memory", "geopandas_s"),
        "",
        f"Beyond reading the rows and compiling the draft: {found['beyond_reading_s']:.2f} s, "
        f"{found['faster']:.0f} times faster than joining anew; with both "
        f"{found['faster_with_reading']:.1f} times.",
    ]


if __name__ == "__main__":
    main()
