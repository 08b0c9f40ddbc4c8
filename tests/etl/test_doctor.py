"""The doctor names each lack and the line that mends it, and its exit code says whether the platform can work."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import shutil
import socket
from collections import namedtuple

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import make_url

from etl import doctor
from etl.doctor import Level
from etl.running import lock_path
from geogrid.errors import PostgisMissing
from geogrid.settings import read_settings
from geogrid.store import binaries
from geogrid.texts import catalogue


@pytest.fixture
def settings(tmp_path):
    return read_settings({"GEOGRID_VAR": str(tmp_path), "GEOGRID_PORT": "8190", "GEOGRID_STREAM_PORT": "8191"})


def found(findings, word: str) -> doctor.Finding:
    return next(finding for finding in findings if word in finding.shown("en"))


def test_nothing_stands_in_the_way_of_a_start_here(settings):
    findings = list(doctor.examine(settings))
    assert [finding.shown("en") for finding in findings if finding.level is Level.BAD] == []
    assert found(findings, "PostGIS").level is Level.WELL
    assert found(findings, "is not running").mend == "./run demo"


def test_missing_postgis_is_bad(settings, monkeypatch):
    def nothing(*_):
        raise PostgisMissing(least_postgres=14, mend="Run this.")

    monkeypatch.setattr(binaries, "find_binaries", nothing)
    [finding] = doctor._programs(settings)
    assert finding.level is Level.BAD and "Run this." in finding.shown("en")


def test_taken_port_is_bad_and_names_its_variable(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = dataclasses.replace(settings, stream_port=server.getsockname()[1])
        free, busy = doctor._ports(taken)
    assert free.level is Level.WELL
    assert busy.level is Level.BAD and "GEOGRID_STREAM_PORT" in busy.shown("zh") and busy.mend


def test_a_port_of_this_installation_is_well(settings, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = dataclasses.replace(settings, stream_port=port)
        path = lock_path(settings.var_dir)
        path.parent.mkdir(parents=True)
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write(f"1 {settings.port} {port}")
            lock.flush()
            assert found(doctor._ports(taken), "in use by this installation").level is Level.WELL
        assert found(doctor._ports(taken), "another program").level is Level.BAD


@pytest.mark.parametrize(("free_mb", "level"), [(9000, Level.WELL), (1000, Level.NOTE), (3, Level.BAD)])
def test_disk(settings, monkeypatch, free_mb, level):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free_mb * 1_000_000))
    assert next(doctor._disk(settings)).level is level


def test_assets_are_compared_with_their_pins(tmp_path):
    (tmp_path / "assets.toml").write_text('[[package]]\nname = "a"\nintegrity = "sha512-x"\n')
    [finding] = doctor._assets(tmp_path)
    assert finding.level is Level.BAD and "a" in finding.values["names"]
    pin = tmp_path / "static/vendor/a/.pin.json"
    pin.parent.mkdir(parents=True)
    pin.write_text(json.dumps({"integrity": "sha512-old"}))
    assert next(doctor._assets(tmp_path)).level is Level.BAD
    pin.write_text(json.dumps({"integrity": "sha512-x"}))
    assert next(doctor._assets(tmp_path)).level is Level.WELL


def test_fonts_by_file_where_fontconfig_is_not(tmp_path):
    assert not doctor._has_chinese_font(None, (tmp_path,))
    (tmp_path / "NotoSansCJK-Regular.ttc").touch()
    assert doctor._has_chinese_font(None, (tmp_path,))


def test_database_without_durability_is_bad(settings, fresh_database):
    """The test cluster runs with fsync off: just what the doctor has to find."""
    findings = list(doctor._database(dataclasses.replace(settings, database_url=fresh_database)))
    assert found(findings, "fsync").level is Level.BAD
    assert found(findings, "Extension postgis").level is Level.WELL
    assert found(findings, "Schema").level is Level.WELL
    assert found(findings, "sorting").level is Level.WELL


def test_missing_extension_is_named(settings, fresh_database):
    url = make_url(fresh_database)
    with psycopg.connect(dbname=url.database, user=url.username, host=url.query["host"], autocommit=True) as connection:
        connection.execute("DROP EXTENSION pgrouting")
        connection.execute("DROP EXTENSION pg_trgm CASCADE")
    findings = list(doctor._database(dataclasses.replace(settings, database_url=fresh_database)))
    assert found(findings, "extension pg_trgm is missing").level is Level.BAD
    assert found(findings, "extension pgrouting is missing").level is Level.NOTE, "the schema does not stand on it"
    assert found(findings, "extension pgrouting is missing").mend == "CREATE EXTENSION pgrouting;"


def test_older_schema_is_bad(settings, fresh_database):
    url = make_url(fresh_database)
    with psycopg.connect(dbname=url.database, user=url.username, host=url.query["host"], autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'old'")
    findings = list(doctor._database(dataclasses.replace(settings, database_url=fresh_database)))
    assert found(findings, "geogrid db migrate").level is Level.BAD


def test_database_that_does_not_answer_is_bad(settings, tmp_path):
    gone = dataclasses.replace(settings, database_url=f"postgresql://nobody@/none?host={tmp_path}")
    [finding] = doctor._database(gone)
    assert finding.level is Level.BAD and "does not answer" in finding.shown("en")


def test_exit_code(monkeypatch):
    for level, code in ((Level.NOTE, 0), (Level.BAD, 1)):
        monkeypatch.setattr(doctor, "examine", lambda _, level=level: iter([doctor.Finding(level, "x", {}, "mend")]))
        result = CliRunner().invoke(doctor.doctor)
        assert (result.exit_code, "→ mend" in result.output) == (code, True)


def test_every_finding_is_translated(settings, fresh_database, tmp_path):
    (tmp_path / "assets.toml").write_text("package = []")
    findings = [*doctor.examine(settings), *doctor._database(dataclasses.replace(settings, database_url=fresh_database))]
    messages = {finding.message for finding in findings} - {""}
    assert not [message for message in messages if (None, message) not in catalogue("zh")]
