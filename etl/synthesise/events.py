"""A year of events: places, errors of position, kinds, words, lives; and the truth behind them.

The error model is the one by which confidence is told: a point is stated with a radius; with probability 0.95 the
true place is uniform in the disc of that radius around the stated point, else in the ring from there to twice as far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etl.synthesise.blocks import addresses, unit_names
from etl.synthesise.event_places import Scene
from etl.synthesise.event_times import WorkTime, left_open, life, reported_times
from etl.synthesise.event_words import words
from etl.synthesise.frames import frame, points
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.tree import Tree
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.places import Datum
from geogrid.space.crs import from_record

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

CHUNK = 250_000  # events made at a time
CHANNEL_SHARES = {
    Channel.PATROL: 0.53,
    Channel.HOTLINE: 0.16,
    Channel.WINDOW: 0.06,
    Channel.WALK_IN: 0.08,
    Channel.DEPARTMENT: 0.06,
    Channel.SUPERIOR: 0.03,
    Channel.ONLINE: 0.08,
}
GCJ_SHARES = {Channel.ONLINE: 0.85, Channel.HOTLINE: 0.30}  # map SDKs state their points in GCJ-02
HOME, LANE, FIELD, HOTSPOT = range(4)
PLACE_SHARES = (0.50, 0.30, 0.06, 0.14)
COARSE_M = 900.0  # from here on a report knows its village only
# Weight of each kind (in the enum's order), in the core, in settlements, in fields.
KIND_WEIGHTS = np.array(
    [
        [15, 17, 13, 9, 16, 13, 9, 4, 0, 4],
        [17, 16, 11, 8, 5, 7, 15, 2, 14, 5],
        [8, 14, 6, 6, 1, 8, 2, 1, 50, 4],
    ],
    float,
)
WINDOW_FACTOR = np.array([3.0, 0.3, 0.3, 0.4, 0.2, 0.4, 4.0, 3.0, 1.5, 1.0])  # people come to a counter for these
INSIDE_SHARE = 0.95
ODD_SHARE = 0.01  # on a vertex, on an edge, or outside the district
STEPS = ("opened_at", "dispatched_at", "handled_at", "verified_at", "closed_at")


@dataclass(frozen=True)
class _Placed:
    """Stated places: local metres (n, 2), radius, kind of place, cell, house, hotspot or -1, whether in the core."""

    xy: Floats
    accuracy_m: Floats
    place: Ints
    cell: Ints
    house: Ints
    hotspot: Ints
    core: np.ndarray


def make_events(
    ground: Ground, tree: Tree, scene: Scene, count: int, open_count: int, year: int
) -> Iterator[tuple[GeoDataFrame, GeoDataFrame]]:
    """Yield ``events`` and ``truth`` in parts of at most ``CHUNK``, each in order of time; ``open_count`` stay open."""
    done, left = 0, open_count
    work = WorkTime.of(year)
    while done < count:
        size = min(CHUNK, count - done)
        stay = min(size, left if done + size == count else round(open_count * size / count))
        rng = ground.rng(f"events {done}")
        yield _part(rng, ground, tree, scene, work, year, size, stay)
        done, left = done + size, left - stay


def _part(
    rng: np.random.Generator, ground: Ground, tree: Tree, scene: Scene, work: WorkTime, year: int, count: int, stay: int
) -> tuple[GeoDataFrame, GeoDataFrame]:
    channel = np.sort(rng.choice(len(Channel), count, p=[CHANNEL_SHARES[name] for name in Channel]))
    reported = reported_times(rng, year, channel)
    order = np.argsort(reported, kind="stable")
    channel, reported = channel[order], np.floor(reported[order])
    placed = _place(rng, scene, channel)
    kind = _kinds(rng, scene, placed, channel)
    steps = left_open(rng, reported, life(rng, work, reported, channel, kind), stay)
    lonlat, odd = _odd(rng, ground, scene, ground.to_lonlat(placed.xy))
    accuracy = np.round(placed.accuracy_m, 1)
    truth = ground.to_lonlat(ground.to_local(lonlat) + _error(rng, accuracy))
    datum, stated = _state(rng, channel, lonlat, odd)
    address = _address(ground, tree, scene, placed)
    events = {
        "id": _ids(rng, count),
        "channel": np.array(Channel.codes())[channel],
        "kind": np.array(EventKind.codes())[kind],
        "text": words(rng, kind, address),
        "address": address,
        "accuracy_m": accuracy,
        "datum": datum,
        "lon": stated[:, 0],
        "lat": stated[:, 1],
        "observed_at": _times(ground, year, reported - _delay(rng, channel)),
        "reported_at": _times(ground, year, reported),
        **{name: _times(ground, year, steps[:, number]) for number, name in enumerate(STEPS)},
    }
    hotspot = np.where(odd, -1, placed.hotspot)
    return frame(events, points(stated)), _truth(scene, events["id"], truth, hotspot)


def _truth(scene: Scene, ids: list[str], lonlat: Floats, hotspot: Ints) -> GeoDataFrame:
    """Return the true places (degrees of record) and the planted hotspot of each event, None for most."""
    spots = scene.hotspots
    columns = {
        "id": ids,
        "true_lon": lonlat[:, 0],
        "true_lat": lonlat[:, 1],
        "hotspot": np.array([*spots.ids, None], object)[hotspot],
        "hotspot_name": np.array([*spots.names, None], object)[hotspot],
    }
    return frame(columns, points(lonlat))


def _delay(rng: np.random.Generator, channel: Ints) -> Floats:
    """Return seconds from seeing to sending: minutes on patrol, where a photo is taken; else half a minute."""
    patrol = channel == list(Channel).index(Channel.PATROL)
    return rng.gamma(1.5, 150, len(channel)) * patrol + 30


def _place(rng: np.random.Generator, scene: Scene, channel: Ints) -> _Placed:
    """Draw the stated places. Words without a position are placed at a home, a settlement or a village, coarsely."""
    count = len(channel)
    place = rng.choice(len(PLACE_SHARES), count, p=PLACE_SHARES)
    home = rng.integers(len(scene.homes.xy), size=count)
    lane = rng.integers(len(scene.lane_xy), size=count)
    field = rng.integers(scene.core, len(scene.cell_xy), count)
    spots = scene.hotspots
    spot = rng.choice(len(spots.ids), count, p=spots.weight)
    across = np.arange(count)
    middles = np.stack([scene.homes.xy[home], scene.lane_xy[lane], scene.cell_xy[field], spots.xy[spot]])
    cell = np.stack([scene.home_cell[home], scene.lane_cell[lane], field, spots.cell[spot]])[place, across]
    spread = np.stack([np.full(count, 12.0), np.full(count, 18.0), np.full(count, 320.0), spots.spread_m[spot]])[place, across]
    xy = middles[place, across] + rng.normal(0, 1, (count, 2)) * spread[:, None]
    core = np.hypot(*(xy - scene.cell_xy[: scene.core].mean(axis=0)).T) < np.sqrt(scene.core / np.pi) * 225.0
    accuracy = _accuracy(rng, channel, core)
    coarse = accuracy >= COARSE_M
    xy[coarse] = scene.heart_xy[scene.village_of[cell[coarse]]]  # no more is known than the village
    return _Placed(xy, accuracy, place, cell, scene.homes.house[home], np.where(place == HOTSPOT, spot, -1), core)


def _accuracy(rng: np.random.Generator, channel: Ints, core: np.ndarray) -> Floats:
    """Radius in metres: good in the open, worse between houses; coarse where an address was turned into a point."""
    count = len(channel)
    name = np.array(list(Channel), dtype=object)[channel]
    phone = np.where(core, rng.lognormal(np.log(22), 0.75, count), rng.lognormal(np.log(9), 0.55, count))
    address = rng.lognormal(np.log(np.where(core, 70, 130)), 0.65, count)
    exact = rng.lognormal(np.log(8), 0.4, count)
    by_words = np.isin(name, [Channel.HOTLINE, Channel.WINDOW, Channel.WALK_IN, Channel.SUPERIOR])
    radius = np.where(by_words, address, np.where(name == Channel.DEPARTMENT, exact, phone))
    radius = np.where(name == Channel.ONLINE, phone * 1.8, radius)
    radius = np.clip(radius, 5.0, 300.0)
    coarse = by_words & (rng.random(count) < 0.05)
    return np.where(coarse, rng.uniform(1000, 3000, count), radius)


def _error(rng: np.random.Generator, accuracy_m: Floats) -> Floats:
    """Return what lies between the stated and the true place, in metres (n, 2), by the model of the module's head."""
    count = len(accuracy_m)
    inside = rng.random(count) < INSIDE_SHARE
    share = rng.random(count)
    radius = accuracy_m * np.where(inside, np.sqrt(share), np.sqrt(1 + 3 * share))
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _kinds(rng: np.random.Generator, scene: Scene, placed: _Placed, channel: Ints) -> Ints:
    """Draw kinds by where and by what channel; at a hotspot two kinds prevail."""
    zone = np.where(placed.core, 0, np.where(placed.place == FIELD, 2, 1))
    weight = KIND_WEIGHTS[zone]
    counter = np.isin(channel, [list(Channel).index(name) for name in (Channel.WINDOW, Channel.WALK_IN)])
    weight = np.where(counter[:, None], weight * WINDOW_FACTOR, weight)
    total = np.cumsum(weight, axis=1)
    kind = (rng.random(len(channel))[:, None] * total[:, -1:] > total).sum(axis=1)
    typical = (placed.hotspot >= 0) & (rng.random(len(channel)) < 0.75)
    which = (rng.random(len(channel)) < 0.3).astype(int)
    kind[typical] = scene.hotspots.kinds[placed.hotspot[typical], which[typical]]
    return kind


def _odd(rng: np.random.Generator, ground: Ground, scene: Scene, lonlat: Floats) -> tuple[Floats, np.ndarray]:
    """Move one in a hundred to a vertex of a grid, to a point on an edge, or out of the district (1 m to 3 km)."""
    count = len(lonlat)
    odd = rng.random(count) < ODD_SHARE
    draw = rng.random(count)
    vertex, edge, out = (np.flatnonzero(odd & part) for part in (draw < 0.4, (draw >= 0.4) & (draw < 0.65), draw >= 0.65))
    moved = lonlat.copy()
    moved[vertex] = scene.vertices[rng.integers(len(scene.vertices), size=len(vertex))]
    ends = scene.edge_ends[rng.integers(len(scene.edge_ends), size=len(edge))]
    moved[edge] = np.round(ends[:, 0] + rng.random((len(edge), 1)) * (ends[:, 1] - ends[:, 0]), 9)
    start = scene.outer_xy[rng.integers(len(scene.outer_xy), size=len(out))]
    away = np.minimum(1.0 + rng.lognormal(np.log(60), 1.6, len(out)), 3000.0)
    moved[out] = ground.to_lonlat(start * (1 + away / np.hypot(*start.T))[:, None])
    return moved, odd


def _state(rng: np.random.Generator, channel: Ints, lonlat: Floats, odd: np.ndarray) -> tuple[np.ndarray, Floats]:
    """Return the datum that each report states and its point in that datum; points that try the rules out stay as they are."""
    shares = np.array([GCJ_SHARES.get(name, 0.0) for name in Channel])
    shifted = (rng.random(len(channel)) < shares[channel]) & ~odd
    stated = lonlat.copy()
    stated[shifted] = np.round(np.column_stack(from_record(*lonlat[shifted].T, Datum.GCJ02)), 9)
    return np.where(shifted, str(Datum.GCJ02), str(Datum.WGS84)), stated


def _address(ground: Ground, tree: Tree, scene: Scene, placed: _Placed) -> pd.Series:
    """Return the place in words: a home's address, beside a lane, in a village's fields, or at a hotspot's landmark."""
    at_home = addresses(ground, tree, scene.blocks, placed.cell, placed.house)
    unit = pd.Series(unit_names(ground, tree)[tree.village_of[placed.cell]], dtype="str")
    block = unit + pd.Series(np.array(scene.blocks, object)[placed.cell], dtype="str")
    hot = pd.Series(np.array([*scene.hotspots.names, ""], object)[placed.hotspot], dtype="str")
    found = at_home.where(placed.place != LANE, block + "旁").where(placed.place != FIELD, unit + "田间")
    found = found.where(placed.place != HOTSPOT, unit + hot)
    return found.where(placed.accuracy_m < COARSE_M, unit)


def _ids(rng: np.random.Generator, count: int) -> list[str]:
    """Return random UUIDs (version 4) as text."""
    raw = np.frombuffer(rng.bytes(16 * count), np.uint8).reshape(count, 16).copy()
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = raw.tobytes().hex()
    whole = [text[at : at + 32] for at in range(0, 32 * count, 32)]
    return [f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}" for one in whole]


def _times(ground: Ground, year: int, seconds: Floats) -> pd.Series:
    """Return aware times, to the second, from seconds of local time in ``year``; NaN becomes no time."""
    first = np.datetime64(datetime(year, 1, 1), "s")  # noqa: DTZ001 -- the zone is put on below
    known = np.isfinite(seconds)
    at = first + np.where(known, np.floor(np.nan_to_num(seconds)), 0).astype("timedelta64[s]")
    local = pd.Series(at).where(known)
    return local.dt.tz_localize(ground.profile.timezone, ambiguous=True, nonexistent="shift_forward")  # type: ignore[arg-type]
