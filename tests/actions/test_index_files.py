"""Index files of editions: whatever an edition's answers rest on is in the key, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import text

from geogrid.actions import district as module
from geogrid.actions.answers import answers
from geogrid.actions.district import District, district_of, geography_key, read_geography
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.grids import GeographyKind
from geogrid.space import index_file
from geogrid.store import editions
from geogrid.store.index_files import IndexFiles
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import A1, A2, IN_A1, NOW, VILLAGE_A, geography, grids, profile, publish, roads

BORDER = (126.605, 45.91005)  # in A1 once the border has moved up by 0.0001


@pytest.fixture
def files(tmp_path):
    return IndexFiles(tmp_path)


def key_now(session, told=None):
    return geography_key(session, editions.in_force(session), told or profile())


def grid_at(session, files, lonlat=BORDER):
    """The grid under the edition in force, as a process that starts now finds it."""
    edition = editions.in_force(session)
    return read_geography(session, edition.id, profile(), files=files).index.assign(*lonlat).grid_code[0]


def test_a_good_file_spares_the_database_the_polygons(session, files, monkeypatch):
    publish(session, frames={**geography(), GeographyKind.ROADS: roads()})
    edition_id = editions.in_force(session).id
    built = read_geography(session, edition_id, profile(), files=files)
    monkeypatch.setattr(module, "compile_geography", None)
    monkeypatch.setattr("geogrid.store.geography.frames_of", None)
    mapped = read_geography(session, edition_id, profile(), files=files)
    for name in ("units_of", "mode_of", "edition_id"):
        assert getattr(mapped, name) == getattr(built, name)
    assert mapped.station_codes.tolist() == built.station_codes.tolist()
    np.testing.assert_array_equal(mapped.station_lonlat, built.station_lonlat)
    district = District(profile(), lambda _: mapped)
    (answer,) = answers(district, edition_id, [IN_A1[0]], [IN_A1[1]], [12.0])
    assert (answer.grid_code, answer.station_by_time, answer.home_station) == (A1, VILLAGE_A + "01", VILLAGE_A + "01")


def test_the_file_is_there_before_the_edition_is_in_force(session, files, monkeypatch):
    """Its first reader maps what the activation compiled: the key is the same before and after."""
    district = replace(district_of(profile(), session), files=files)
    load_edition(session, "first", geography(), now=NOW, district=district)
    activate_edition(session, "first", now=NOW, district=district)
    monkeypatch.setattr(module, "compile_geography", None)
    assert grid_at(session, files, IN_A1) == A1


def test_a_new_edition_and_a_rollback_are_answered_from_their_own_files(session, files):
    publish(session, "first")
    assert grid_at(session, files) == A2
    publish(session, "second", {GeographyKind.BASE_GRIDS: grids(split_m=0.0001)})
    assert grid_at(session, files) == A1
    publish(session, "rollback", {GeographyKind.BASE_GRIDS: grids()})
    assert grid_at(session, files) == A2
    first = editions.named(session, "first")
    assert read_geography(session, first.id, profile(), files=files).index.assign(*BORDER).grid_code[0] == A2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE base_grids SET village_code = 'x' WHERE code = :a1",
        "UPDATE base_grids SET code = 'x' WHERE code = :a1",
        "UPDATE base_grids SET geom = ST_Translate(geom, 1e-9, 0) WHERE code = :a1",
        "UPDATE department_grids SET code = 'x'",
        "UPDATE stations SET level = 'station' WHERE code = '99990100000001'",
        "UPDATE stations SET unit_code = NULL WHERE code = '99990100100101'",
        "UPDATE units SET kind = 'village' WHERE level = 'village'",
        "UPDATE units SET parent_code = NULL WHERE level = 'village'",
        "DELETE FROM stations WHERE level = 'point'",
    ],
)
def test_any_change_of_what_answers_rest_on_changes_the_key(session, change):
    publish(session)
    before = key_now(session)
    assert session.execute(text(change), {"a1": A1} if ":a1" in change else {}).rowcount
    assert key_now(session) != before


def test_settings_of_the_profile_and_the_program_are_in_the_key(session, monkeypatch):
    publish(session)
    told = profile()
    changed = [
        replace(told, gap_tolerance_m=told.gap_tolerance_m + 1),
        replace(told, accuracy_share=0.68),
        replace(told, metric_srid=4550),
        replace(told, travel_mode_town="car"),
    ]
    keys = {key_now(session), *(key_now(session, other) for other in changed)}
    monkeypatch.setattr(index_file, "program_mark", lambda: "another program")
    assert len(keys | {key_now(session)}) == 6


def test_homes_and_roads_do_not_change_the_key(session):
    publish(session)
    before = key_now(session)
    publish(session, "roads", {GeographyKind.ROADS: roads()})
    assert key_now(session) == before


def test_another_database_under_the_same_folder_is_told_apart_by_what_it_holds(session, files, fresh_database):
    """Both call their edition 1: equal content may share a file, other content never does."""
    publish(session)
    ours = editions.in_force(session).id
    assert grid_at(session, files) == A2
    engine = engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as other:
        publish(other, frames=geography(split_m=0.0001))
        for _ in range(ours - 1):
            other.execute(text("SELECT nextval(pg_get_serial_sequence('editions', 'id'))"))
        assert key_now(other) != key_now(session)
        assert grid_at(other, files) == A1
        publish(other, "as there", geography())
        assert key_now(other) == key_now(session)
        assert grid_at(other, files) == A2
    engine.dispose()


def test_what_is_loaded_anew_while_it_is_compiled_is_not_kept(session, files, monkeypatch):
    """A file may only say what the database said before and after it was read."""
    publish(session)
    compiling = module.compile_geography

    def meanwhile(frames, edition_id, told):
        made = compiling(frames, edition_id, told)
        session.execute(text("UPDATE base_grids SET geom = ST_Translate(geom, 1e-9, 0) WHERE code = :a1"), {"a1": A1})
        return made

    monkeypatch.setattr(module, "compile_geography", meanwhile)
    assert grid_at(session, files, IN_A1) == A1
    assert list(files.folder.glob("*.index")) == []
