"""Every refusal has one form and a status of the one table; nothing shows a trace."""

from __future__ import annotations

import dataclasses
import errno
import inspect
import json
import shutil

import psycopg
import pytest
from flask import Flask, render_template_string
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from geogrid import errors
from geogrid.errors import CoordRange, GeogridError, ReportIdConflict, TooManyRequests
from tests.build_district import profile
from tests.build_installation import settings_for
from webmap.app import create_app
from webmap.errors import STATUS, status_of
from webmap.installation import installation
from webmap.limits import Buckets, install_limits
from webmap.roles import PUBLIC, roles

FORM = {"code", "message", "where", "retry"}
PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class _District:
    profile = profile()


@pytest.fixture
def broken(tmp_path) -> Flask:
    """An application whose database is not there, with routes that fail in every way."""
    engine = create_engine("postgresql+psycopg://nobody@/none?host=/nonexistent")
    app = create_app(settings_for(tmp_path, "postgresql:///none"), engine=engine, district=_District())
    failures = {
        "house": lambda: CoordRange(lon=999, lat=45, where={"lonlat": [999, 45]}),
        "conflict": lambda: ReportIdConflict(id="x"),
        "bug": lambda: ZeroDivisionError("canary-7d1"),
        "database": lambda: OperationalError("SELECT canary-7d1", {}, Exception("gone")),
        "pool": lambda: PoolTimeout("canary-7d1"),
        "many": lambda: TooManyRequests(wait_s=7),
        "full": lambda: OperationalError("INSERT canary-7d1", {}, psycopg.errors.DiskFull("could not extend file")),
        "copy": lambda: psycopg.errors.DiskFull("could not extend file"),
        "disk": lambda: OSError(errno.ENOSPC, "No space left on device", "canary-7d1"),
        "system": lambda: OSError(errno.EIO, "canary-7d1"),
    }
    for name, make in failures.items():
        app.add_url_rule(f"/fail/{name}", name, _failing(make))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def _failing(make):
    @roles(PUBLIC)
    def view():
        raise make()

    return view


@pytest.mark.parametrize(
    ("path", "status", "code", "retry"),
    [
        ("/fail/house", 422, "coord.range", False),
        ("/fail/conflict", 409, "report.id_conflict", False),
        ("/fail/bug", 500, "internal", False),
        ("/fail/database", 503, "unavailable.database", True),
        ("/fail/pool", 503, "unavailable.database", True),
        ("/fail/many", 429, "request.too_many", True),
        ("/fail/full", 507, "storage.full", True),
        ("/fail/copy", 507, "storage.full", True),
        ("/fail/disk", 507, "storage.full", True),
        ("/fail/system", 500, "internal", False),
        ("/nowhere", 404, "not_found", False),
        ("/api/v1/nowhere", 404, "not_found", False),
        ("/api/v1/events", 503, "unavailable.database", True),
    ],
)
def test_every_failure_has_the_one_form(broken, path, status, code, retry):
    answer = broken.test_client().get(path, headers={"Authorization": f"Bearer {installation(broken).token}"})
    assert answer.status_code == status
    body = answer.get_json()
    assert set(body) == FORM
    assert (body["code"], body["retry"]) == (code, retry)
    assert "canary-7d1" not in answer.text
    assert "Traceback" not in answer.text
    assert ("Retry-After" in answer.headers) == retry


def test_the_time_to_wait_is_the_one_that_was_meant(broken):
    assert broken.test_client().get("/fail/many").headers["Retry-After"] == "7"


def test_browsers_see_a_page_in_their_language(broken):
    client = broken.test_client()
    zh = client.get("/fail/bug", headers={**PAGE, "Accept-Language": "zh-CN"})
    en = client.get("/nowhere", headers={**PAGE, "Accept-Language": "en"})
    assert (zh.mimetype, en.mimetype) == ("text/html", "text/html")
    assert 'lang="zh"' in zh.text
    assert "was not found" in en.text
    assert "canary-7d1" not in zh.text
    assert client.get("/api/v1/nowhere", headers=PAGE).mimetype == "application/json"


def test_a_page_escapes_what_was_asked_for(broken):
    page = broken.test_client().get("/%3Cscript%3Ealert(1)%3C/script%3E", headers=PAGE).text
    assert "<script>alert" not in page


def test_a_wrong_method_says_which_are_possible(broken):
    answer = broken.test_client().delete("/api/v1/events", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.get_json()["code"]) == (405, "request.method")
    assert "POST" in answer.get_json()["message"]
    assert "POST" in answer.headers["Allow"].split(", ")
    assert answer.get_json()["where"] == {"path": "/api/v1/events"}


def test_a_silent_database_whose_disk_is_full_is_told_as_that(broken, monkeypatch):
    here = broken.extensions["geogrid"]
    private = dataclasses.replace(here, settings=dataclasses.replace(here.settings, database_url=""))
    monkeypatch.setitem(broken.extensions, "geogrid", private)
    (here.settings.var_dir / "postgres").mkdir()
    assert broken.test_client().get("/fail/database").status_code == 503
    usage = shutil.disk_usage(here.settings.var_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    answer = broken.test_client().get("/fail/database", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.get_json()["code"]) == (507, "storage.full")
    assert "disk of the server is full" in answer.get_json()["message"]


def test_languages_are_chosen_by_address_cookie_header_and_default(broken):
    client = broken.test_client()
    message = {"zh": "找不到", "en": "was not found"}
    assert message["zh"] in client.get("/nowhere").text
    assert message["en"] in client.get("/nowhere", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"}).text
    assert message["en"] in client.get("/nowhere?lang=en", headers={"Accept-Language": "zh"}).text
    assert message["en"] in client.get("/nowhere", headers={"Accept-Language": "zh"}).text, "the cookie remembers"
    assert message["zh"] in broken.test_client().get("/nowhere?lang=xx").text


def test_every_error_has_a_status_and_only_errors_of_ours_are_in_the_table():
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, GeogridError)]
    assert set(STATUS) <= set(classes)
    for cls in classes:
        assert 400 <= status_of(cls()) < 600
        assert status_of(cls()) != 500 or cls is GeogridError or cls.code == "internal", f"{cls.__name__} needs a status"


def test_health_says_why_it_is_unwell(broken):
    answer = broken.test_client().get("/health")
    assert answer.status_code == 503
    assert (answer.get_json()["status"], answer.get_json()["code"]) == ("unavailable", "unavailable.database")


def test_health_names_schema_edition_and_lag(shared):
    body = shared.client().get("/health").get_json()
    assert body["status"] == "ok"
    assert body["edition"]["name"] == "2025"
    assert body["lag"]["deltas_to_fold"] >= 0
    assert (body["notices"]["failed"], body["notices"]["late"], body["notices"]["clocks_not_looked_at"]) == (0, 0, 0)
    assert json.dumps(body["schema"]) != '""'


def test_an_address_that_asks_too_often_waits_and_others_do_not():
    now = [0.0]
    buckets = Buckets(rate=10, most=3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert 0 < buckets.take("a") <= 0.1
    assert buckets.take("b") == 0
    now[0] = 0.11
    assert buckets.take("a") == 0


def test_too_many_requests_are_answered_429_with_the_time_to_wait():
    app = Flask(__name__, static_folder=None)
    install_limits(app, reads=Buckets(rate=0.1, most=1), writes=Buckets(rate=0.1, most=1))
    app.add_url_rule("/", "page", lambda: render_template_string("ok"))
    app.register_error_handler(TooManyRequests, lambda error: (str(error.values["wait_s"]), 429))
    client = app.test_client()
    assert client.get("/").status_code == 200
    assert (client.get("/").status_code, client.get("/").text) == (429, "10")
