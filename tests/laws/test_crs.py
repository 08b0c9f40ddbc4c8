"""Laws of coordinate systems: there and back, against an independent implementation, over the district and over China."""

from __future__ import annotations

import math

import numpy as np
import prcoords
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.domain.places import Datum
from geogrid.errors import CoordNotFinite, CoordRange, DatumUnknown
from geogrid.space import crs

district_lon = st.floats(126.0, 127.4)
district_lat = st.floats(45.5, 46.6)
china_lon = st.floats(75.0, 134.0)
china_lat = st.floats(19.0, 53.0)
datums = st.sampled_from(list(Datum))


@given(district_lon, district_lat, datums)
@settings(deadline=None)
def test_there_and_back_is_below_a_millimetre(lon, lat, datum):
    stated = crs.from_record(lon, lat, datum)
    back = crs.to_record(*stated, datum)
    assert crs.geodesic_m(lon, lat, *back) < 0.001


@given(china_lon, china_lat, datums)
@settings(deadline=None)
def test_there_and_back_holds_all_over_china(lon, lat, datum):
    stated = crs.from_record(lon, lat, datum)
    assert crs.geodesic_m(lon, lat, *crs.to_record(*stated, datum)) < 0.002


@given(china_lon, china_lat)
@settings(deadline=None)
def test_forward_formulas_equal_an_independent_implementation(lon, lat):
    for datum, oracle in ((Datum.GCJ02, prcoords.wgs_gcj), (Datum.BD09, prcoords.wgs_bd)):
        expected = oracle(prcoords.Coords(lat, lon))
        got_lon, got_lat = crs.from_record(lon, lat, datum)
        assert math.isclose(got_lon, expected.lon, abs_tol=1e-10)
        assert math.isclose(got_lat, expected.lat, abs_tol=1e-10)


def test_the_shift_at_the_district_is_some_five_hundred_metres():
    lon, lat = crs.from_record([126.6], [45.9], "gcj02")
    assert 470 < crs.geodesic_m(126.6, 45.9, lon, lat)[0] < 540


def test_wgs84_is_relabelled_and_snapped_not_shifted():
    lon, lat = crs.to_record([126.60000000049], [45.9], "wgs84")
    assert (lon[0], lat[0]) == (126.6, 45.9)


def test_outside_china_the_shifted_datums_are_wgs84():
    for datum in ("gcj02", "bd09"):
        assert np.array_equal(crs.to_record([-73.98], [40.75], datum), [[-73.98], [40.75]])


@given(district_lon, district_lat)
@settings(deadline=None)
def test_snapping_twice_changes_nothing(lon, lat):
    once = crs.snap(lon, lat)
    assert np.array_equal(once, crs.snap(*once))
    assert max(abs(once[0] - lon), abs(once[1] - lat)) <= 0.6e-9


def test_snapping_leaves_no_negative_zero():
    lon, _ = crs.snap([-1e-12], [0.0])
    assert not np.signbit(lon[0])


@pytest.mark.parametrize(
    ("name", "datum"),
    [("WGS-84", Datum.WGS84), ("gcj 02", Datum.GCJ02), ("BD-09", Datum.BD09), ("EPSG:4490", Datum.CGCS2000)],
)
def test_datum_names_are_read_as_people_write_them(name, datum):
    assert crs.parse_datum(name) is datum


@pytest.mark.parametrize("name", [None, "", "xian80", 4326, "wgs"])
def test_an_unknown_datum_is_asked_for(name):
    with pytest.raises(DatumUnknown, match="gcj02"):
        crs.parse_datum(name)


@pytest.mark.parametrize(
    ("lon", "srid"), [(126.6, 4551), (73.5, 4534), (76.49, 4534), (76.5, 4535), (136.5, 4554), (114.0, 4547)]
)
def test_the_default_zone_is_the_three_degree_zone(lon, srid):
    assert crs.default_metric_srid(lon) == srid
    central = crs.transformer(srid, crs.SRID_STORED).transform(500_000, 4_500_000)[0]
    assert abs(central - lon) <= 1.5 + 1e-9


@pytest.mark.parametrize("lon", [73.4, 136.6, -74.0, float("nan")])
def test_outside_the_zones_the_formula_is_refused(lon):
    with pytest.raises(CoordRange):
        crs.default_metric_srid(lon)


def test_elsewhere_the_utm_zone_is_taken():
    assert crs.default_metric_srid(-73.98, 40.75) == 32618
    assert crs.default_metric_srid(115.9, -31.9) == 32750
    assert crs.local_utm_srid(180.0, 0.0) == 32660
    with pytest.raises(CoordRange):
        crs.local_utm_srid(10.0, 89.0)
    with pytest.raises(CoordNotFinite):
        crs.local_utm_srid(float("nan"), 0.0)


@given(district_lon, district_lat)
@settings(deadline=None)
def test_metric_zone_there_and_back(lon, lat):
    metric = crs.to_metric(np.array([shapely.Point(lon, lat), None]), 4551)
    assert metric[1] is None
    back = crs.from_metric(metric, 4551)[0]
    assert crs.geodesic_m(lon, lat, back.x, back.y) < 1e-4


@given(st.floats(126.0, 127.0), district_lat, st.floats(0, 360))
@settings(deadline=None)
def test_a_kilometre_in_the_zone_is_a_kilometre_on_the_ellipsoid(lon, lat, bearing):
    end_lon, end_lat, _ = crs.GEOD.fwd(lon, lat, bearing, 1000.0)
    x, y = crs.metric_xy([lon, end_lon], [lat, end_lat], 4551)
    assert abs(math.hypot(x[1] - x[0], y[1] - y[0]) - 1000.0) < 0.14


def test_a_point_the_zone_cannot_hold_is_named():
    with pytest.raises(CoordRange, match=r"999"):
        crs.to_metric(np.array([shapely.Point(999.0, 95.0)]), 4551)


def test_snapping_geometries_drops_z_and_rounds():
    shape = crs.snap_geometries(np.array([shapely.Point(126.60000000049, 45.9, 12.0)]))[0]
    assert shape.wkt == "POINT (126.6 45.9)"
