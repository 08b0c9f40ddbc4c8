from __future__ import annotations

import json

import pytest

from etl import errors
from etl.sources import ReadOptions, open_table
from etl.sources.limits import Limits
from geogrid import errors as core
from tests.etl.samples import SQUARE, collection, feature, geojson, point, polygon


def written(tmp_path, text: str | bytes):
    path = tmp_path / "file.geojson"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fault(tmp_path, geometry) -> core.GeogridError:
    """The fault of a single feature with this geometry."""
    table = open_table(geojson(tmp_path / "one.geojson", feature(geometry, code="a")))
    assert table.geometry[0] is None
    return table.faults[0]


def test_a_good_file_keeps_words_numbers_and_places(tmp_path):
    table = open_table(
        geojson(tmp_path / "a.geojson", feature(polygon(SQUARE), code="甲", n=3), feature(point(126.5, 45.9), code="b"))
    )
    assert table.frame["code"].tolist() == ["甲", "b"]
    assert table.frame["n"].tolist()[0] == 3
    assert table.geometry[0].area == pytest.approx(0.01)
    assert table.rows.tolist() == [1, 2]
    assert not table.faults
    assert table.crs == "EPSG:4326"  # by the standard
    assert any("RFC 7946" in note.message for note in table.notes)


def test_the_older_crs_member_is_read(tmp_path):
    root = collection(feature(point(1, 2))) | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}}
    assert open_table(written(tmp_path, json.dumps(root))).crs == "urn:ogc:def:crs:EPSG::4490"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"type": "FeatureCollection", "features": [', errors.JsonSyntax),
        ('{"type": "FeatureCollection", "type": "x", "features": []}', errors.JsonDuplicateKey),
        ('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"a": NaN}}]}', errors.JsonNan),
        ('{"features": []}', errors.GeojsonType),
        ('{"type": "FeatureCollection"}', errors.GeojsonType),
        ('{"type": "FeatureCollection", "features": []}', errors.FileEmpty),
        ('{"type": "FeatureCollection", "features": [7]}', errors.GeojsonType),
        ('{"type": "Topology", "objects": {}}', errors.GeojsonType),
        ("[1, 2]", errors.GeojsonType),
        ('{"type": "FeatureCollection", "features": [], "x": ' + "[" * 5000 + "]" * 5000 + "}", errors.JsonDepth),
        ('{"n": ' + "9" * 5000 + "}", errors.JsonSyntax),
    ],
)
def test_files_that_are_not_whole_geojson_are_refused(tmp_path, text, error):
    with pytest.raises(error):
        open_table(written(tmp_path, text))


def test_truncated_json_names_line_and_column(tmp_path):
    with pytest.raises(errors.JsonSyntax) as caught:
        open_table(written(tmp_path, '{"type": "FeatureCollection",\n"features": [{"type": "Fea'))
    assert caught.value.code == "json.syntax"
    assert caught.value.values["line"] == 2
    assert caught.value.where["line"] == 2


def test_geometry_collections_nested_deep_are_refused_before_they_are_walked(tmp_path):
    nest = '{"type": "GeometryCollection", "geometries": [' * 5000 + "]}" * 5000
    with pytest.raises(errors.JsonDepth):
        open_table(written(tmp_path, f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "geometry": {nest}}}]}}'))


def test_brackets_inside_strings_do_not_count_as_depth(tmp_path):
    table = open_table(geojson(tmp_path / "a.geojson", feature(point(1, 2), note='[{"' * 100)))
    assert table.frame["note"].tolist() == ['[{"' * 100]


def test_byte_order_mark_is_fine_utf16_and_broken_utf8_are_not(tmp_path):
    text = json.dumps(collection(feature(point(1, 2), name="网格")), ensure_ascii=False)
    assert len(open_table(written(tmp_path, b"\xef\xbb\xbf" + text.encode()))) == 1
    for data in (text.encode("utf-16"), text.encode("utf-16-le"), text.encode().replace("网".encode(), b"\xe7\xbd")):
        with pytest.raises(errors.FileEncodingRefused):
            open_table(written(tmp_path, data))


def test_a_file_over_the_limit_is_refused_unread(tmp_path):
    path = geojson(tmp_path / "a.geojson", feature(point(1, 2)))
    with pytest.raises(errors.FileTooLarge):
        open_table(path, ReadOptions(limits=Limits(geojson_bytes=20)))


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geom.missing"),
        ({"type": "Circle", "coordinates": [1, 2]}, "geom.type"),
        ({"coordinates": [1, 2]}, "geom.type"),
        ({"type": "GeometryCollection", "geometries": []}, "geom.type"),
        (polygon([[0, 0], [1, 0], [1, 1], [0, 1]]), "geom.ring_open"),
        (polygon([[0, 0], [1, 0]]), "geom.ring_short"),
        (polygon([[0, 0], [1, 0], [0, 0]]), "geom.ring_short"),
        (polygon(), "geom.missing"),
        ({"type": "Point", "coordinates": []}, "coord.type"),
        (point("126", 45), "coord.type"),
        (point(True, 45), "coord.type"),
        (point(None, 45), "coord.type"),
        ({"type": "Point", "coordinates": {"lon": 1}}, "coord.type"),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "geom.ring_short"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "coord.type"),
    ],
)
def test_a_feature_that_cannot_be_used_is_a_fault_of_its_row(tmp_path, geometry, code):
    error = fault(tmp_path, geometry)
    assert error.code == code
    assert error.where["feature"] == 1


def test_numbers_beyond_every_float_are_not_finite(tmp_path):
    text = json.dumps(collection(feature(point(12345, 1)))).replace("12345", "1e999")
    assert open_table(written(tmp_path, text)).faults[0].code == "coord.not_finite"


def test_heights_are_dropped_and_said(tmp_path):
    table = open_table(geojson(tmp_path / "a.geojson", feature({"type": "Point", "coordinates": [126.5, 45.9, 120.0]})))
    assert not table.geometry[0].has_z
    assert any(note.message.startswith("Heights") for note in table.notes)


def test_one_feature_may_not_have_too_many_vertices(tmp_path):
    ring = [[126 + i / 1e6, 45.0] for i in range(300)] + [[126.1, 45.1], [126.0, 45.0]]
    path = geojson(tmp_path / "a.geojson", feature(polygon(ring)))
    assert open_table(path, ReadOptions(limits=Limits(vertices=100))).faults[0].code == "geom.too_large"
