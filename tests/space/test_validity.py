from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.ops

from geogrid import errors
from geogrid.space.validity import check_geometry
from tests.space import shapes

AREA = frozenset({"Polygon", "MultiPolygon"})


def check(shape, **named):
    return check_geometry(shape, "g7", wanted=named.pop("wanted", AREA), **named)


@pytest.mark.parametrize("shape", [shapes.square(), shapes.DONUT, shapes.TWO_PARTS, shapes.STAR])
def test_a_sound_polygon_comes_through_with_its_area(shape):
    checked = check(shape)
    assert checked.shape.equals(shape)
    assert dict(checked.notes).keys() <= {"winding"}


@pytest.mark.parametrize(
    ("shape", "note"),
    [
        (shapes.WITH_Z, ("z_dropped", 5)),
        (shapes.REPEATED_VERTICES, ("repeated_vertices", 2)),
        (shapes.CLOCKWISE, ("winding", 1)),
        (shapely.transform(shapes.square(), lambda xy: xy + 3e-10), ("snapped", 5)),
    ],
)
def test_what_is_mended_is_said(shape, note):
    checked = check(shape)
    assert note in checked.notes
    assert not shapely.has_z(checked.shape)
    assert checked.shape.equals(shapes.square())
    assert check(checked.shape).notes == ()


@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        (None, errors.GeometryEmpty, "g7"),
        (shapely.Polygon(), errors.GeometryEmpty, "g7"),
        (shapes.RAW_RING, errors.GeometryType, "LinearRing"),
        (shapely.GeometryCollection([shapes.square()]), errors.GeometryType, "GeometryCollection"),
        (shapes.BOW_TIE, errors.GeometrySelfIntersection, r"126\.605, 45\.905"),
        (shapes.SPIKE, errors.GeometrySelfIntersection, "g7"),
        (shapes.HOLE_OUTSIDE, errors.GeometryNested, "outside shell"),
        (shapes.HOLE_ALONG_SHELL, errors.GeometrySelfIntersection, "g7"),
        (shapes.TWO_VERTICES, errors.GeometryRingOpen, "only 2 different"),
        (shapes.NO_AREA, errors.GeometryError, "g7"),
        (shapely.transform(shapes.square(), lambda xy: np.where(xy == xy.max(0), np.inf, xy)), errors.CoordNotFinite, "finite"),
        (shapely.transform(shapes.square(), lambda xy: xy * 1e5), errors.CoordLooksProjected, "metres"),
        (shapely.transform(shapes.square(), lambda xy: xy[:, ::-1]), errors.CoordSwapped, "longitude 126.6"),
        (shapely.transform(shapes.square(), lambda xy: xy + np.array([100.0, 0.0])), errors.CoordRange, "range"),
    ],
)
def test_what_cannot_be_used_is_refused_with_reason_and_place(shape, error, message):
    with pytest.raises(error, match=message):
        check(shape)


def test_swapped_axes_are_seen_where_both_are_in_range():
    here = (-74.3, 40.4, -73.6, 41.0)
    with pytest.raises(errors.CoordSwapped, match=r"longitude -73\.9, latitude 40\.7"):
        check(shapely.Point(40.7, -73.9), wanted=frozenset({"Point"}), likely_lonlat=here)
    assert check(shapely.Point(-73.9, 40.7), wanted=frozenset({"Point"}), likely_lonlat=here).shape.x == -73.9


@pytest.mark.timeout(20)
def test_a_hostile_ring_is_refused_at_once():
    random = np.random.default_rng(0).uniform([126, 45], [127, 46], (800, 2))
    with pytest.raises(errors.GeometrySelfIntersection):
        check(shapely.Polygon(random))


def test_too_many_vertices_are_refused_before_anything_slow():
    angle = np.linspace(0, 2 * np.pi, 20_001, endpoint=False)
    with pytest.raises(errors.GeometryTooLarge, match="20002"):
        check(shapely.Polygon(np.column_stack([126.6 + 0.1 * np.cos(angle), 45.9 + 0.1 * np.sin(angle)])))


def test_points_and_lines_pass():
    assert check(shapely.Point(126.6, 45.9, 3), wanted=frozenset({"Point"})).notes == (("z_dropped", 1),)
    line = shapely.LineString([shapes.at(0, 0), shapes.at(0, 0), shapes.at(1, 1)])
    assert check(line, wanted=frozenset({"LineString"})).notes == (("repeated_vertices", 1),)


X = 126.55


def slit(width: float):
    """A square that a slit of ``width`` degrees enters from the north."""
    half = width / 2
    ring = [(126.5, 45.9), (126.6, 45.9), (126.6, 46.0), (X + half, 46.0), (X, 45.95), (X - half, 46.0), (126.5, 46.0)]
    return shapely.Polygon(ring)


def test_rings_that_only_our_rounding_makes_cross_are_laid_on_the_grid():
    whole = slit(6e-10)
    assert whole.is_valid
    checked = check(whole)
    assert checked.notes == (("laid_on_grid", 1),)
    assert checked.shape.is_valid
    corners = {tuple(xy) for xy in np.round(shapely.get_coordinates(whole), 9).tolist()}
    assert {tuple(xy) for xy in shapely.get_coordinates(checked.shape).tolist()} <= corners, "vertices shared with others stay"
    assert checked.shape.area == pytest.approx(whole.area, rel=1e-8)
    assert shapely.get_precision(checked.shape) == 0.0
    assert check(checked.shape).notes == (), "what was stored passes as it is"


def test_halves_of_a_split_grid_that_are_sound_are_all_taken_and_tile():
    chance = np.random.default_rng(3)
    angles = np.sort(chance.uniform(0, 2 * np.pi, 60))
    radius = chance.uniform(0.002, 0.01, 60)
    star = shapely.Polygon(np.column_stack([X + radius * np.cos(angles), 45.95 + radius * np.sin(angles)]))
    laid = 0
    for corner in [*shapely.get_coordinates(star)[:, 0]] * 5:
        at = round(corner, 9) + chance.uniform(-1e-9, 1e-9)
        line = shapely.LineString([(at, 45.0), (at, 47.0)])
        halves = [part for part in shapely.ops.split(star, line).geoms if part.area > 1e-15]
        stored = [check(half) for half in halves]
        laid += sum(("laid_on_grid", 1) in half.notes for half in stored)
        assert sum(half.shape.area for half in stored) == pytest.approx(star.area, rel=1e-6)
    assert laid, "some are broken by plain rounding"


def test_what_is_unsound_itself_is_refused_as_before():
    with pytest.raises(errors.GeometrySelfIntersection):
        check(shapely.Polygon([(126.5, 45.9), (126.6, 46.0), (126.6, 45.9), (126.5, 46.0)]))
    tiny = shapely.Polygon([(126.5, 45.9), (126.5 + 2e-10, 45.9), (126.5, 45.9 + 2e-10)])
    with pytest.raises(errors.GeometryError):
        check(tiny)
