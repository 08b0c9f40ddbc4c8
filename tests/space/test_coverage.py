from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.errors import GeometryEmpty, GeometrySelfIntersection, GeometryType
from geogrid.space import coverage, crs
from tests.space import shapes


def check(geoms, codes=None, tolerance_m2=1.0, **named):
    codes = [f"g{i}" for i in range(len(geoms))] if codes is None else codes
    return coverage.check(codes, geoms, metric_srid=shapes.SRID, tolerance_m2=tolerance_m2, **named)


def metric_m2(shape):
    return float(shapely.area(crs.to_metric(shapely.segmentize(shape, 0.001), shapes.SRID)))


def test_a_tiling_has_no_fault():
    report = check(shapes.tiling(np.random.default_rng(1)))
    assert (report.gaps, report.overlaps, report.slivers, report.is_exact) == ((), (), (), True)
    assert report.is_tiling


def test_an_overlap_names_both_and_its_square_metres():
    report = check([shapes.square(0, 0), shapes.square(0.009, 0), shapes.square(0.019, 0)], ["b", "a", "c"])
    (fault,) = report.overlaps
    assert fault.codes == ("a", "b")
    assert fault.area_m2 == pytest.approx(metric_m2(shapes.square(0.009, 0, 0.001, 0.01)), rel=1e-6)
    assert shapes.square(0.009, 0, 0.001, 0.01).covers(shapely.Point(fault.point_lonlat))
    assert not report.is_tiling
    assert not report.is_exact


def test_a_polygon_inside_another_and_a_copy_are_overlaps():
    assert [fault.codes for fault in check([shapes.square(0, 0, 0.03), shapes.square(0.01, 0.01)]).overlaps] == [("g0", "g1")]
    assert [fault.codes for fault in check([shapes.square(), shapes.square()]).overlaps] == [("g0", "g1")]


def test_a_hole_of_the_union_is_a_gap_with_its_neighbours():
    report = check([shapes.DONUT, shapes.square(0.03, 0, 0.01, 0.03)], ["d", "e"])
    (fault,) = report.gaps
    assert fault.codes == ("d",)
    assert fault.area_m2 == pytest.approx(metric_m2(shapes.square(0.01, 0.01)), rel=1e-6)
    assert shapes.square(0.01, 0.01).covers(shapely.Point(fault.point_lonlat))


def test_a_filled_hole_is_no_gap():
    assert check([shapes.DONUT, shapes.square(0.01, 0.01)]).is_tiling


def test_the_remainder_of_the_territory_is_a_gap():
    report = check([shapes.square(0, 0)], within=shapes.square(0, 0, 0.02, 0.01))
    (fault,) = report.gaps
    assert fault.area_m2 == pytest.approx(metric_m2(shapes.square(0.01, 0)), rel=1e-6)
    assert fault.codes == ("g0",)


def test_faults_up_to_the_tolerance_are_not_reported_but_the_coverage_is_not_exact():
    thin = shapes.square(0.01, 0, 0.01)
    moved = shapely.transform(thin, lambda xy: xy - [1e-9, 0])
    report = check([shapes.square(0, 0), moved], tolerance_m2=1.0)
    assert report.is_tiling
    assert not report.is_exact
    assert [fault.codes for fault in check([shapes.square(0, 0), moved], tolerance_m2=0.0).overlaps] == [("g0", "g1")]


def test_a_sliver_is_a_part_nobody_can_stand_in():
    strip = shapes.square(0.01, 0, 0.000005, 0.01)
    report = check([shapes.square(0, 0), strip])
    (fault,) = report.slivers
    assert fault.codes == ("g1",)
    assert 0.3 < fault.width_m < 0.5
    assert report.is_tiling


def test_no_polygons_leave_all_of_the_territory():
    assert check([]).is_tiling
    assert len(check([], within=shapes.square()).gaps) == 1


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        (None, GeometryEmpty),
        (shapely.Point(), GeometryEmpty),
        (shapely.Point(1, 1), GeometryType),
        (shapes.BOW_TIE, GeometrySelfIntersection),
    ],
)
def test_what_cannot_be_checked_is_named(shape, error):
    with pytest.raises(error, match="g1"):
        check([shapes.square(), shape])
