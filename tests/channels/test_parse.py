"""What strangers send: everything in docs' list of bad inputs has its own code, and good reports pass untouched."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.channels import FORMS, parse
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.places import Datum
from geogrid.errors import GeogridError, InputError
from tests.build_district import profile

NOW = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
PROFILE = profile()
ID = "3f0c6c1e-8d0e-4f43-9a55-0d2a4c1f7b60"


def payload(**changes):
    """A good report of a patrol; a change to ... leaves the field out."""
    body = {
        "id": ID,
        "channel": "patrol",
        "kind": "facility",
        "text": "路灯不亮",
        "point": {"lon": 126.6, "lat": 45.9},
        "datum": "wgs84",
        "accuracy_m": 12,
        "observed_at": "2025-06-18T14:59:30+08:00",
    }
    return {key: value for key, value in {**body, **changes}.items() if value is not ...}


def read(**changes):
    body = payload(**changes)
    return parse(body.get("channel", "patrol"), body, now=NOW, profile=PROFILE)


def refused(**changes) -> GeogridError:
    with pytest.raises(InputError) as caught:
        read(**changes)
    caught.value.message("zh").encode()  # every value of the message is there, in both languages
    return caught.value


def test_a_good_report_passes_untouched():
    report = read(address="中山路 5 号", photos=["a" * 64])
    assert (report.id, report.channel, report.kind, report.words) == (UUID(ID), Channel.PATROL, EventKind.FACILITY, "路灯不亮")
    assert (report.point.lon, report.point.lat, report.point.datum, report.point.accuracy_m) == (126.6, 45.9, Datum.WGS84, 12.0)
    assert report.observed_at == datetime(2025, 6, 18, 6, 59, 30, tzinfo=UTC)
    assert report.photo_sha256s == ("a" * 64,)
    assert report.synthetic
    assert len(report.body_hash) == 32


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (float("nan"), 45.9, "coord.not_finite"),
        (float("inf"), 45.9, "coord.not_finite"),
        (126.6, -float("inf"), "coord.not_finite"),
        (10**400, 45.9, "coord.not_finite"),
        (45.9, 126.6, "coord.swapped"),
        (0, 0, "coord.null_island"),
        (0.0, -0.0, "coord.null_island"),
        (999, 45.9, "coord.range"),
        (126.6, 90.0001, "coord.range"),
        (-180.1, 45.9, "coord.range"),
        ("126.6", 45.9, "coord.type"),
        ("45°54′", 45.9, "coord.text"),
        ("１２６.5", 45.9, "coord.text"),
        ("126,5", 45.9, "coord.text"),
        (True, 45.9, "coord.type"),
        (None, 45.9, "report.field_missing"),
        ([126.6], 45.9, "coord.type"),
        (14092963.2, 5762400.1, "coord.looks_projected"),
        (546000.0, 5083000.0, "coord.looks_projected"),
    ],
)
def test_what_is_no_place_says_why(lon, lat, code):
    assert refused(point={"lon": lon, "lat": lat}).code == code


def test_swapped_coordinates_are_proposed_the_right_way_round():
    error = refused(point={"lon": 45.9, "lat": 126.6})
    assert "longitude 126.6, latitude 45.9" in error.message("en")


@pytest.mark.parametrize("accuracy", [-1, 0, float("nan"), 1e6, float("inf"), "12", True, [5]])
def test_accuracy_that_means_nothing(accuracy):
    error = refused(accuracy_m=accuracy)
    is_number = type(accuracy) in {int, float}
    assert (error.code, error.where) == ("coord.accuracy" if is_number else "coord.accuracy_type", {"path": "accuracy_m"})


def test_a_wide_accuracy_is_accepted():
    assert read(accuracy_m=3000).point.accuracy_m == 3000.0
    assert read(accuracy_m=...).point.accuracy_m is None


@pytest.mark.parametrize("datum", [..., None, "", "wgs", "EPSG:3857", 900913, ["gcj"], "\ud800"])
def test_a_point_without_a_known_datum_is_no_location(datum):
    assert refused(datum=datum).code == ("coord.datum_missing" if datum in (..., None, "") else "coord.datum")


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("2025-06-18T14:59:30", "time.no_offset"),
        ("2025-06-18T24:00:00+08:00", "time.form"),
        ("2025-02-29T12:00:00+08:00", "time.form"),
        ("2024-02-30T12:00:00+08:00", "time.form"),
        ("2099-01-01T00:00:00+08:00", "time.future"),
        ("1970-01-01T00:00:00+00:00", "time.absurd"),
        ("1999-12-31T23:59:59Z", "time.absurd"),
        (1750229970, "time.form"),
        (1750229970000, "time.form"),
        ("1750229970000", "time.form"),
        ("２０２５-06-18T14:59:30+08:00", "time.form"),
        ("2025-W25-3T14:59:30+08:00", "time.form"),
        ("2025-06-18", "time.form"),
        ("18/06/2025 14:59", "time.form"),
        ("2025-06-18T14:59:30+99:00", "time.form"),
        ("0001-01-01T00:00:00+14:00", "time.form"),
        (True, "time.form"),
        (..., "report.field_missing"),
        (None, "report.field_missing"),
    ],
)
def test_times_that_cannot_be_meant(time, code):
    error = refused(observed_at=time)
    assert (error.code, error.where) == (code, {"path": "observed_at"})


def test_a_clock_may_run_ten_minutes_ahead_and_no_more():
    beijing = timezone(timedelta(hours=8))
    assert read(observed_at=(NOW + timedelta(minutes=10)).astimezone(beijing).isoformat())
    assert refused(observed_at=(NOW + timedelta(minutes=10, seconds=1)).isoformat()).code == "time.future"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "a\0b"}, "text.unstorable"),
        ({"text": "a\ud800b"}, "text.unstorable"),
        ({"address": "\udfff"}, "text.unstorable"),
        ({"text": "长" * 5001}, "text.too_long"),
        ({"address": "长" * 501}, "text.too_long"),
        ({"text": 5}, "report.field_type"),
        ({"text": ["a"]}, "report.field_type"),
        ({"channel": "hotline", "text": " \n"}, "text.empty"),
        ({"channel": "hotline", "text": ...}, "text.empty"),
        ({"kind": "fire"}, "report.field_value"),
        ({"kind": 3}, "report.field_value"),
        ({"kind": ...}, "report.field_missing"),
        ({"id": "5"}, "report.id"),
        ({"id": "{" + ID + "}"}, "report.id"),
        ({"id": str(UUID(int=0))}, "report.id"),
        ({"id": 12}, "report.id"),
        ({"id": "\ud800"}, "report.id"),
        ({"id": ...}, "report.field_missing"),
        ({"channel": "carrier pigeon"}, "channel.unknown"),
        ({"channel": 7}, "channel.unknown"),
        ({"channel": ["patrol"]}, "channel.unknown"),
        ({"state": "closed"}, "report.field_unknown"),
        ({"grid_code": "1"}, "report.field_unknown"),
        ({"\ud800": 1}, "report.field_unknown"),
        ({"point": {"lon": 126.6, "lat": 45.9, "z": "3"}}, "report.field_type"),
        ({"point": {"lon": 126.6, "lat": 45.9, "m": 3}}, "report.field_unknown"),
        ({"mock_location": "yes"}, "report.field_type"),
        ({"point": [126.6, 45.9]}, "report.field_type"),
        ({"point": "POINT EMPTY"}, "report.field_type"),
        ({"point": ...}, "report.no_point"),
        ({"point": {}}, "report.field_missing"),
        ({"channel": "hotline", "point": ..., "datum": "wgs84"}, "report.field_missing"),
        ({"photos": ["A" * 64]}, "report.photos"),
        ({"photos": ["a" * 64] * 2}, "report.photos"),
        ({"photos": "a" * 64}, "report.photos"),
        ({"photos": [f"{i:064x}" for i in range(10)]}, "report.photos"),
        ({"photos": [5]}, "report.photos"),
    ],
)
def test_fields_that_cannot_be_taken(changes, code):
    assert refused(**changes).code == code


def test_an_unknown_field_is_named():
    error = refused(priority=1)
    assert error.where == {"path": "priority"}
    assert "priority" in error.message("zh")


@pytest.mark.parametrize(
    "words", ["\u202eabc", "a\u200bb", "🙂" * 100, "<script>alert(1)</script>", "ᠮᠣᠩᠭᠣᠯ", "𠮷𠀀", "=HYPERLINK(1)"]
)
def test_words_are_kept_as_they_are(words):
    assert read(text=words).words == words


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_takes_its_report(channel):
    report = read(channel=channel.value)
    assert report.channel is channel
    assert FORMS[channel].channel is channel
    if channel is not Channel.PATROL:
        body = {"channel": channel.value, "point": ..., "datum": ..., "accuracy_m": ..., "address": "中山路 5 号"}
        assert read(**body).point is None


def test_the_channel_of_the_payload_is_the_one_asked_for():
    with pytest.raises(InputError, match="patrol"):
        parse("hotline", payload(), now=NOW, profile=PROFILE)
    assert parse("hotline", payload(channel=...), now=NOW, profile=PROFILE).channel is Channel.HOTLINE


def test_what_is_no_object_is_refused():
    for body in (None, [], "text", 5):
        with pytest.raises(InputError):
            parse("patrol", body, now=NOW, profile=PROFILE)


def test_the_body_hash_tells_bodies_apart_and_not_their_spelling():
    first = read().body_hash
    assert read(id=ID.upper()).body_hash == first
    assert read(accuracy_m=12.0).body_hash == first
    turned = dict(reversed(list(payload().items())))
    assert parse("patrol", turned, now=NOW, profile=PROFILE).body_hash == first
    for change in ({"text": "路灯亮"}, {"accuracy_m": 13}, {"point": {"lon": 126.6, "lat": 45.900001}}, {"id": str(uuid4())}):
        assert read(**change).body_hash != first


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(payload(), JSON)))
def test_whatever_is_sent_is_a_report_or_an_error_of_the_house(changes):
    body = {**payload(), **changes}
    try:
        report = parse("patrol", body, now=NOW, profile=PROFILE)
    except InputError as error:
        error.message("zh").encode()
        json.dumps(error.where, default=str)
    else:
        report.words.encode()
        assert -180 <= report.point.lon <= 180
