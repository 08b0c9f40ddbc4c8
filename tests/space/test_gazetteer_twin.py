"""Addresses of the made-up district: how often the place is right, how far off, and what parts left out or wrong do to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pypinyin import lazy_pinyin

from geogrid.domain.places import PlacePrecision
from geogrid.space.crs import geodesic_m
from geogrid.space.gazetteer import Gazetteer

CALLS = 3000
TOWNSHIP = r"^模拟区.*?(?:街道|镇|乡)(?!街)"


@dataclass(frozen=True)
class Found:
    """First candidates of many texts against the truth: arrays of equal length."""

    name: np.ndarray
    far_m: np.ndarray
    radius_m: np.ndarray
    confidence: np.ndarray
    village: np.ndarray
    precision: np.ndarray


def first_of(town, texts, lon, lat):
    found = [town.find(text, most=1)[0] for text in texts]
    points = np.array([one.point_lonlat for one in found])
    return Found(
        name=np.array([one.name for one in found], object),
        far_m=geodesic_m(*points.T, np.asarray(lon), np.asarray(lat)),
        radius_m=np.array([one.radius_m for one in found]),
        confidence=np.array([one.confidence for one in found]),
        village=np.array([one.village_code for one in found], object),
        precision=np.array([one.precision for one in found], object),
    )


def compiled(twin):
    return Gazetteer.from_frames(twin["units"], twin["places"], twin["roads"])


def villages_at(twin, lon, lat):
    villages = twin["units"].query("level == 'village'").sort_values("code")
    at, village = shapely.STRtree(villages.geometry.array).query(shapely.points(lon, lat), predicate="covered_by")
    codes = np.full(len(lon), None, object)
    codes[at[::-1]] = villages["code"].to_numpy()[village[::-1]]
    return codes


def year(twin, town, count):
    events = twin["events"].sample(count, random_state=3)
    truth = twin["truth"].set_index("id").loc[events["id"]]
    found = first_of(town, events["text"], truth["true_lon"], truth["true_lat"])
    right = found.village == villages_at(twin, truth["true_lon"].to_numpy(), truth["true_lat"].to_numpy())
    return events["accuracy_m"].to_numpy(float), found, right


@pytest.fixture(scope="module")
def small(small_twin, small_twin_frames):
    twin = small_twin_frames | {"places": gpd.read_parquet(small_twin / "places.parquet")}
    return twin, compiled(twin)


def test_events_are_found_where_they_are_said_to_be(small):
    accuracy_m, found, right = year(*small, 400)
    assert right.mean() > 0.88
    assert (found.far_m <= found.radius_m + accuracy_m).mean() > 0.85


@pytest.fixture(scope="module")
def full(full_twin_frames):
    return full_twin_frames, compiled(full_twin_frames)


@pytest.mark.slow
def test_a_year_of_words_becomes_places(full):
    """3,000 events of seed 1: all found; right village 94.4 %; within the radius 92.9 %, radii being calibrated on seed 7.

    The median error is 145 m: 42 m at a known number, 119 m at an estimated one.
    """
    accuracy_m, found, right = year(*full, CALLS)
    assert right.mean() > 0.93
    assert (found.far_m <= found.radius_m).mean() >= 0.90
    assert (found.far_m <= found.radius_m + accuracy_m).mean() > 0.95
    assert np.median(found.far_m) < 160
    assert np.median(found.far_m[found.precision == PlacePrecision.ADDRESS]) < 55
    assert np.median(found.far_m[found.precision == PlacePrecision.INTERPOLATED]) < 140


@pytest.mark.slow
def test_estimated_numbers_lie_within_their_radius_nine_times_in_ten(full):
    """A gazetteer that knows half of the address points is asked for the other half."""
    twin, _ = full
    places = twin["places"]
    asked = places.query("kind == 'address'").sample(frac=0.5, random_state=4)
    half = Gazetteer.from_frames(twin["units"], places.drop(asked.index), twin["roads"])
    asked = asked.sample(1500, random_state=4)
    found = first_of(half, asked["address"], asked.geometry.x, asked.geometry.y)
    estimated = found.precision == PlacePrecision.INTERPOLATED
    assert estimated.sum() > 500
    assert 0.85 < (found.far_m <= found.radius_m)[estimated].mean() < 0.995


def _at_random(change: Callable[[str, int], str]) -> Callable[[str], str]:
    rng = np.random.default_rng(5)

    def change_one(text):
        return change(text, int(rng.choice([at for at in range(3, len(text) - 1) if not text[at].isdigit()])))

    return change_one


# how an address is changed -> least share still found under its name, least share that stays at 0.9 sure
CHANGES = {
    "as it is": (str, 0.99, 0.95),
    "without district": (lambda text: text.removeprefix("模拟区"), 0.99, 0.95),
    "without township": (lambda text: re.sub(TOWNSHIP, "", text), 0.99, 0.95),
    "without village": (lambda text: re.sub(r"(街道|镇|乡).*?(社区|村)", r"\1", text, count=1), 0.80, 0.30),
    "wrong township": (lambda text: re.sub(TOWNSHIP, "模拟区檀泉镇", text), 0.98, 0.0),
    "another district": (lambda text: text.replace("模拟区", "道里区"), 0.98, 0.0),
    "one character wrong": (_at_random(lambda text, at: text[:at] + "某" + text[at + 1 :]), 0.93, 0.40),
    "one character missing": (_at_random(lambda text, at: text[:at] + text[at + 1 :]), 0.95, 0.40),
    "full-width digits": (lambda text: text.translate(str.maketrans("0123456789", "０１２３４５６７８９")), 0.99, 0.95),
    "words around": (lambda text: f"群众来电反映，{text}楼下有人堆放杂物，影响通行，请尽快处理。", 0.99, 0.95),
    "pinyin": (lambda text: " ".join(lazy_pinyin(text)), 0.98, 0.90),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_parts_left_out_or_wrong_are_survived_and_never_hidden(full, change):
    """Where the name found is not the one meant, the confidence says so: of those at least 0.9 sure all are right."""
    twin, town = full
    changed, least_found, least_sure = CHANGES[change]
    asked = twin["places"].query("kind == 'address'").sample(400, random_state=2)
    found = first_of(town, [changed(text) for text in asked["address"]], asked.geometry.x, asked.geometry.y)
    right = np.array([name in text for name, text in zip(found.name, asked["address"], strict=True)])
    sure = found.confidence >= 0.9
    assert right.mean() >= least_found
    assert sure.mean() >= least_sure
    assert right[sure].all()


def test_the_same_words_have_the_same_answer_from_a_gazetteer_compiled_anew(small):
    twin, town = small
    again = compiled(twin | {"places": twin["places"].sample(frac=1, random_state=1), "roads": twin["roads"][::-1]})
    for text in twin["events"]["text"].sample(60, random_state=6):
        assert town.find(text) == again.find(text)
