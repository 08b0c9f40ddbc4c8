"""Tiles hold what the tables hold: names of layers, places, counts; copies by zoom; names at the heart of areas."""

from __future__ import annotations

from sqlalchemy import text

from geogrid.space.tiles import cell_of, cell_zoom, tile_bounds_lonlat
from geogrid.store.tables.cells import event_cell_deltas
from layers.catalog import layer_named, layers_of
from layers.formats import EXTENT, geojson, mvt
from layers.view import View
from tests.layers.grounds import GRIDS, SIDE, SOUTH, WEST, add_event, build_ground, count
from tests.layers.mvt_reader import read_tile


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int, int]:
    x, y = cell_of(lon, lat, zoom - 2)
    return zoom, int(x), int(y)


def read(session, zoom: int, names=None, lon=WEST + SIDE / 2, lat=SOUTH + SIDE / 2, **filters):
    tile = tile_at(lon, lat, zoom)
    layers = layers_of("all") if names is None else [layer_named(name) for name in names]
    view = View(tile_bounds_lonlat(*tile), zoom, filters=filters)
    return read_tile(mvt(session, layers, view, tile))


def test_a_tile_holds_every_layer_of_the_first_view_under_its_name(session):
    add_event(session, build_ground(session), 0.5, 0.5)
    found = read(session, 11)
    assert {"district", "water", "roads", "base_grids", "townships", "townships-label", "stations", "events"} <= set(found)
    assert {feature.properties["code"] for feature in found["base_grids"]} == set(GRIDS)


def test_the_tile_of_a_map_zoom_is_four_web_tiles_wide(session):
    """VectorGrid ignores zoomOffset: a server that takes z for the pyramid's own zoom leaves the map blank."""
    build_ground(session)
    tile = tile_at(WEST + SIDE / 2, SOUTH + SIDE / 2, 14)
    west, south, east, north = tile_bounds_lonlat(*tile)
    found = read(session, 14)
    station = next(f for f in found["stations"] if f.properties["level"] == "station")
    x, y = station.points[0]
    assert abs(x / EXTENT - (WEST + SIDE / 2 - west) / (east - west)) < 0.002
    assert abs(y / EXTENT - (north - (SOUTH + SIDE / 2)) / (north - south)) < 0.002


def test_counts_in_tiles_sum_to_the_table_with_deltas_not_yet_folded(session):
    edition = build_ground(session)
    for i in range(7):
        add_event(session, edition, 0.2 + 0.2 * i, 0.4, is_open=i < 2)
    lon, lat = WEST + SIDE / 2, SOUTH + SIDE / 2
    count(session, event_cell_deltas, cell_zoom(12), lon, lat, True, 3)
    count(session, event_cell_deltas, cell_zoom(12), WEST + 0.2 * SIDE, SOUTH + 0.4 * SIDE, True, -1)
    found = read(session, 12, ["events"])["events"]
    assert sum(f.properties["open"] for f in found) == 2 + 3 - 1
    assert sum(f.properties["closed"] for f in found) == 5


def test_a_cell_whose_events_have_all_gone_is_not_drawn(session):
    edition = build_ground(session)
    add_event(session, edition, 0.5, 0.5)
    count(session, event_cell_deltas, cell_zoom(12), WEST + SIDE / 2, SOUTH + SIDE / 2, True, -1)
    assert read(session, 12, ["events"]).get("events", []) == []


def test_a_cluster_lies_at_the_mean_of_its_events(session):
    edition = build_ground(session)
    add_event(session, edition, 0.50, 0.5)
    add_event(session, edition, 0.52, 0.5)
    (feature,) = read(session, 9, ["events"])["events"]
    tile = tile_at(WEST + SIDE / 2, SOUTH + SIDE / 2, 9)
    west, _, east, _ = tile_bounds_lonlat(*tile)
    assert abs(feature.points[0][0] / EXTENT - (WEST + 0.51 * SIDE - west) / (east - west)) < 0.001


def test_from_zoom_16_every_event_stands_by_itself(session):
    edition = build_ground(session)
    ids = {str(add_event(session, edition, 0.50, 0.5)), str(add_event(session, edition, 0.501, 0.5, is_open=False))}
    found = read(session, 16, ["events"])["events"]
    assert {f.properties["code"] for f in found} == ids
    assert sorted(f.properties["open"] for f in found) == [0, 1]
    assert "words" not in found[0].properties


def test_one_department_at_a_time(session):
    build_ground(session)
    found = read(session, 12, ["department_grids"], department="police")
    assert [f.properties["department"] for f in found["department_grids"]] == ["police"]


def test_equal_data_are_equal_bytes(session):
    add_event(session, build_ground(session), 0.5, 0.5)
    tile = tile_at(WEST, SOUTH, 11)
    view = View(tile_bounds_lonlat(*tile), 11)
    assert mvt(session, layers_of("all"), view, tile) == mvt(session, layers_of("all"), view, tile)


def test_geojson_is_lonlat_and_carries_the_same_properties(session):
    build_ground(session)
    view = View((WEST, SOUTH, WEST + 2 * SIDE, SOUTH + 2 * SIDE), 14)
    found = geojson(session, layer_named("base_grids"), view)["features"]
    assert {feature["id"] for feature in found} == set(GRIDS)
    ring = found[0]["geometry"]["coordinates"][0]
    ring = ring if isinstance(ring[0][0], float) else ring[0]
    assert all(abs(lon - WEST) < 0.1 and abs(lat - SOUTH) < 0.1 for lon, lat in ring)


def test_reads_ride_an_index(session):
    """With sequential scans priced out, the box must be a condition of an index: no layer may read a whole table."""
    build_ground(session)
    session.execute(text("SET LOCAL enable_seqscan = off"))
    tile = tile_at(WEST + SIDE / 2, SOUTH + SIDE / 2, 16)
    view = View(tile_bounds_lonlat(*tile), 16)
    from sqlalchemy.dialects import postgresql

    for layer in layers_of("all"):
        query = layer.select(view).compile(dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True})
        named = str(query).replace("::VARCHAR[]", "::text[]")
        plan = "\n".join(session.connection().exec_driver_sql("EXPLAIN " + named, dict(query.params)).scalars())
        assert "Seq Scan" not in plan, (layer.name, plan)
