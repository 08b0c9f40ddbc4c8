"""Reports over HTTP: accepted once, explained, refused by name, listed page by page."""

from __future__ import annotations

import json
import threading
from uuid import uuid4

import pytest
from sqlalchemy import text

from geogrid.store.session import session_scope
from tests.build_district import A1, A2, B1, B2, IN_A1, IN_B2, VILLAGE_A
from tests.build_installation import payload
from webmap.api.bodies import percent
from webmap.installation import installation

EVENTS = "/api/v1/events"
FORM = {"code", "message", "where", "retry"}


def post(small, body, **headers):
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return small.client().post(EVENTS, data=data, content_type="application/json", headers=small.write(**headers))


def stored(small) -> int:
    with session_scope(installation(small.app).engine) as session:
        return session.scalar(text("SELECT count(*) FROM events"))


def test_a_report_is_accepted_with_number_grid_stations_and_words(small):
    answer = post(small, payload(IN_A1))
    body = answer.get_json()
    assert answer.status_code == 201
    assert body["number"].startswith("20250618")
    assert body["state"] == "reported"
    assignment = body["assignment"]
    assert (assignment["grid_code"], assignment["rule"], assignment["confidence"]) == (A1, "inside", 1.0)
    assert assignment["home_station"] == VILLAGE_A + "01"
    assert 500 < assignment["distance_m"] < 600
    assert any(A1 in sentence for sentence in assignment["explanation"])
    assert answer.headers["Location"] == body["links"]["self"]
    assert small.client().get(body["links"]["self"]).get_json() == body


def test_the_same_report_again_gives_200_and_the_same_body(small):
    report = payload(IN_A1)
    first = post(small, report)
    again = post(small, json.dumps(dict(reversed(report.items())), indent=2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_data() == again.get_data()
    assert stored(small) == 1


def test_another_report_under_the_same_id_is_a_conflict_and_the_first_is_kept(small):
    report = payload(IN_A1)
    post(small, report)
    other = post(small, report | {"text": "井盖缺失"})
    assert (other.status_code, other.get_json()["code"]) == (409, "report.id_conflict")
    assert small.client().get(f"{EVENTS}/{report['id']}").get_json()["text"] == report["text"]


def test_a_hundred_equal_reports_at_once_are_one_row_and_a_hundred_equal_bodies(small):
    report, gate, answers = payload(IN_A1), threading.Barrier(100), []

    def send():
        gate.wait()
        answer = post(small, report)
        while answer.status_code == 503:  # no connection was free: sent again, as a phone does
            answer = post(small, report)
        answers.append(answer)

    threads = [threading.Thread(target=send) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 99 + [201]
    assert len({answer.get_data() for answer in answers}) == 1
    assert stored(small) == 1


def test_a_border_an_outside_point_and_a_vague_one_are_explained(small):
    border = post(small, payload((126.605, 45.91))).get_json()["assignment"]
    assert (border["rule"], border["grid_code"]) == ("border", A1)
    outside = post(small, payload((126.599, 45.905))).get_json()
    assert (outside["assignment"]["rule"], outside["assignment"]["grid_code"]) == ("outside", None)
    assert outside["assignment"]["nearest_grid_code"] == A1
    assert 70 < outside["assignment"]["nearest_grid_m"] < 80
    vague = post(small, payload((126.605, 45.9099), accuracy_m=3000)).get_json()["assignment"]
    assert vague["uncertain"]
    assert {c["grid_code"] for c in vague["candidates"]} == {A1, A2, B1, B2}
    assert any("%" in sentence for sentence in vague["explanation"])
    assert any(sentence.startswith(("不确定", "Uncertain")) for sentence in vague["explanation"])


@pytest.mark.parametrize(("language", "doubt", "named"), [("en", "Uncertain: only < 0.1 %", " ("), ("zh", "不确定", "（")])
def test_a_disc_as_wide_as_a_province_is_doubted_in_words(small, language, doubt, named):
    report = payload(IN_A1, accuracy_m=100000)
    body = post(small, report, **{"Accept-Language": language}).get_json()["assignment"]
    assert body["uncertain"]
    assert [c["grid_code"] for c in body["candidates"]] == [A1]
    assert any(sentence.startswith(doubt) for sentence in body["explanation"])
    assert f"{body['names'][A1]}{named}{A1}" in body["explanation"][0], "by name, the code behind it"
    sure = post(small, payload(IN_A1, accuracy_m=10), **{"Accept-Language": language}).get_json()["assignment"]
    assert not any(sentence.startswith(doubt[:3]) for sentence in sure["explanation"])


@pytest.mark.parametrize(
    ("share", "text"), [(0.479, "47.9 %"), (1.0, "100.0 %"), (0.99999, "99.9 %"), (0.0, "0.0 %"), (0.00004, "< 0.1 %")]
)
def test_shares_are_told_to_a_tenth_and_never_rounded_up(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("change", "kept", "told"),
    [
        ({"mock_location": True}, (True, False), "mock location"),
        ({"point": {"lon": IN_A1[0], "lat": IN_A1[1], "z": 118.5}}, (False, True), "height"),
        ({"mock_location": False}, (False, False), None),
    ],
)
def test_a_simulated_position_and_a_height_are_taken_kept_as_said_and_told(small, change, kept, told):
    report = payload(IN_A1, **change)
    first = post(small, report, **{"Accept-Language": "en"})
    body = first.get_json()
    assert first.status_code == 201
    assert (body["mock_location"], body["reported_point"]["z_dropped"]) == kept
    notes = [sentence for sentence in body["assignment"]["explanation"] if "mock location" in sentence or "height" in sentence]
    assert [told in note for note in notes] == ([True] if told else [])
    again = post(small, report, **{"Accept-Language": "en"})
    assert (again.status_code, again.get_json()) == (200, body)


@pytest.mark.parametrize(
    ("change", "path", "zh"),
    [
        ({"accuracy_m": "12"}, "accuracy_m", "精度必须是以米为单位的数字，不能是文本"),
        ({"datum": None}, "datum", "请说明该点的坐标系（datum），可选：cgcs2000"),
        ({"point": {"lat": 45.9}}, "point.lon", "point.lon"),
        ({"point": {"lon": True, "lat": 45.9}}, "point.lon", "不能是 true 或 false"),
        ({"point": 7}, "point", "而不是 数字"),
        ({"text": {}}, "text", "由字段组成的对象"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_language(shared, change, path, zh):
    refusal = post(shared, payload(IN_A1, **change), **{"Accept-Language": "zh"}).get_json()
    assert (refusal["where"]["path"], zh in refusal["message"]) == (path, True), refusal["message"]
    assert not {"None", "nothing", "bool", "float", "dict"} & set(refusal["message"].replace("，", " ").split())


def test_gcj02_is_converted_and_the_original_kept(shared):
    body = post(shared, payload(IN_A1, datum="gcj02")).get_json()
    assert body["reported_point"]["datum"] == "gcj02"
    assert (body["reported_point"]["lon"], body["reported_point"]["lat"]) == IN_A1
    assert body["point"]["datum"] == "cgcs2000"
    assert abs(body["point"]["lon"] - IN_A1[0]) > 0.004


# -- bad inputs -------------------------------------------------------------------------------------------------------

BAD_POINTS = [
    ('{"lon": NaN, "lat": 45.9}', 400, "json.nan"),
    ('{"lon": Infinity, "lat": 45.9}', 400, "json.nan"),
    ('{"lon": 1e999, "lat": 45.9}', 422, "coord.not_finite"),
    ('{"lon": 45.9, "lat": 126.6}', 422, "coord.swapped"),
    ('{"lon": 0, "lat": 0}', 422, "coord.null_island"),
    ('{"lon": 999, "lat": 45.9}', 422, "coord.range"),
    ('{"lon": 126.6, "lat": 90.0001}', 422, "coord.range"),
    ('{"lon": 121.47, "lat": 31.23}', 422, "coord.far"),
    ('{"lon": "126.6", "lat": "45.9"}', 422, "coord.type"),
    ('{"lon": true, "lat": 45.9}', 422, "coord.type"),
    ('{"lon": null, "lat": 45.9}', 422, "report.field_missing"),
    ('{"lon": [126.6], "lat": 45.9}', 422, "coord.type"),
    ("{}", 422, "report.field_missing"),
    ('"POINT EMPTY"', 422, "report.field_type"),
    ("[126.6, 45.9]", 422, "report.field_type"),
    ('{"lon": 14093000, "lat": 5771000}', 422, "coord.looks_projected"),
    ('{"lon": "126°36′", "lat": "45°54′"}', 400, "coord.text"),
    ('{"lon": "１２６.5", "lat": "４５.9"}', 400, "coord.text"),
    ('{"lon": "126,5", "lat": "45,9"}', 400, "coord.text"),
    ('{"lon": 126.605, "lat": 45.905, "z": "100"}', 422, "report.field_type"),
    ("null", 422, "report.no_point"),
]


@pytest.mark.parametrize(("point", "status", "code"), BAD_POINTS, ids=[point for point, _, _ in BAD_POINTS])
def test_bad_points_are_refused_by_name_and_nothing_is_stored(shared, point, status, code):
    before = stored(shared)
    body = json.dumps(payload(IN_A1)).replace(json.dumps({"lon": IN_A1[0], "lat": IN_A1[1]}), point)
    answer = post(shared, body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert set(answer.get_json()) == FORM
    assert answer.get_json()["retry"] is False
    assert stored(shared) == before


@pytest.mark.parametrize("accuracy", [-1, 0, 1e6, "12", True])
def test_accuracies_that_are_none_are_refused(shared, accuracy):
    answer = post(shared, payload(IN_A1, accuracy_m=accuracy))
    assert (answer.status_code, answer.get_json()["code"]) == (
        422,
        "coord.accuracy" if type(accuracy) in {int, float} else "coord.accuracy_type",
    )


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"datum": None}, "coord.datum_missing", None),
        ({"datum": "beijing54"}, "coord.datum", None),
        ({"channel": "fax"}, "channel.unknown", "channel"),
        ({"kind": "flood"}, "report.field_value", "kind"),
        ({"id": "1"}, "report.id", "id"),
        ({"grid_code": A1}, "report.field_unknown", "grid_code"),
        ({"number": "1", "state": "closed"}, "report.field_unknown", "number"),
        ({"observed_at": "2025-06-18T14:59:00"}, "time.no_offset", "observed_at"),
        ({"observed_at": "2099-01-01T00:00:00Z"}, "time.future", "observed_at"),
        ({"observed_at": "1970-01-01T00:00:00Z"}, "time.absurd", "observed_at"),
        ({"observed_at": 1750229940000}, "time.form", "observed_at"),
        ({"observed_at": "2025-02-29T10:00:00Z"}, "time.form", "observed_at"),
        ({"text": "字" * 20_000}, "text.too_long", "text"),
    ],
)
def test_other_fields_are_refused_by_name(shared, change, code, path):
    before = stored(shared)
    answer = post(shared, payload(IN_A1, **change))
    assert answer.status_code == 422
    assert answer.get_json()["code"] == code
    assert path is None or answer.get_json()["where"]["path"] == path
    assert stored(shared) == before


BAD_BODIES = [
    (b"", 400, "json.syntax"),
    (b'{"id": "1", "id": "2"}', 400, "json.duplicate_key"),
    (b'{"a": {"b": 1, "b": 2}}', 400, "json.duplicate_key"),
    (b'{"id": ', 400, "json.syntax"),
    ("﻿[]".encode(), 422, "report.field_type"),
    ('{"id": "1"}'.encode("utf-16"), 400, "json.encoding"),
    (b'{"text": "\xff"}', 400, "json.encoding"),
    (b'{"text": "\\ud800"}', 400, "json.encoding"),
    (b'{"text": "a\\u0000b"}', 400, "json.nul"),
    (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400, "json.too_deep"),
    (b"[" * 100_000, 400, "json.too_deep"),
    (b'{"n": ' + b"9" * 10_000 + b"}", 400, "json.syntax"),
    (b'{"text": "' + b"a" * 600_000 + b'"}', 413, "body.too_large"),
    (b"-Infinity", 400, "json.nan"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES, ids=[repr(body[:24]) for body, _, _ in BAD_BODIES])
def test_bodies_that_are_no_json_of_ours(shared, body, status, code):
    answer = post(shared, body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert set(answer.get_json()) == FORM


@pytest.mark.parametrize(
    ("body", "zh"),
    [
        (b"{", "此处应为双引号括起的字段名"),
        (b"[1 2]", "此处应有逗号"),
        (b'{"a" 1}', "此处应有冒号"),
        (b'{"a": }', "此处应有值"),
        (b"{} {}", "正文之后还有多余内容"),
        (b'{"a": "b', "字符串没有结束引号"),
        (b'{"a": "\t"}', "未转义的控制字符"),
        (b'{"a": "\\q"}', "无效的转义"),
        (b'{"a": "\\u12"}', "无效的 \\uXXXX 转义"),
        (b'{"a": "\\ud800"}', "孤立的代理字符"),
        (b'{"a": ' + b"9" * 5000 + b"}", "数字位数过多"),
        (b'{"a": "\xff"}', "非 UTF-8 字节"),
        (b"[]", "由字段组成的对象"),
    ],
)
def test_a_body_that_is_no_json_is_told_in_chinese(shared, body, zh):
    message = post(shared, body, **{"Accept-Language": "zh"}).get_json()["message"]
    assert zh in message, message


def test_a_cut_body_is_told_by_line_and_column(shared):
    assert post(shared, b'{\n"id": ').get_json()["where"] == {"path": "$", "line": 2, "column": 7}


def test_brackets_and_escapes_inside_texts_are_no_depth_and_no_slow_path(shared):
    report = payload(IN_A1, text='[{"' * 400 + "\\" * 900)
    assert post(shared, report).status_code == 201
    assert post(shared, b'{"text": "' + b'\\"' * 100_000).status_code == 400


@pytest.mark.parametrize(
    "words", ["路灯不亮 <script>alert(1)</script>", "\u202egnp.exe", "𠀀𠮷 ᠮᠣᠩᠭᠣᠯ 😀", "=HYPERLINK(1)", "a\u200bb"]
)
def test_words_come_back_as_they_were_sent(shared, words):
    body = post(shared, payload(IN_A1, text=words)).get_json()
    assert body["text"] == words


def test_a_form_is_not_json(shared):
    answer = shared.client().post(EVENTS, data={"id": "1"}, headers=shared.write())
    assert (answer.status_code, answer.get_json()["code"]) == (415, "body.media_type")


def test_messages_are_in_the_language_asked_for(shared):
    body = payload((0, 0))
    zh = post(shared, body, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}).get_json()["message"]
    en = post(shared, body, **{"Accept-Language": "en-GB"}).get_json()["message"]
    assert "坐标" in zh
    assert "device had no position" in en


# -- reading ----------------------------------------------------------------------------------------------------------


def test_one_event_as_geojson(shared):
    event_id = post(shared, payload(IN_A1)).get_json()["id"]
    answer = shared.client().get(f"{EVENTS}/{event_id}", headers={"Accept": "application/geo+json"})
    assert answer.mimetype == "application/geo+json"
    feature = answer.get_json()
    assert (feature["type"], feature["id"]) == ("Feature", event_id)
    assert feature["geometry"] == {"type": "Point", "coordinates": list(IN_A1)}
    assert feature["properties"]["assignment"]["grid_code"] == A1


def test_an_unknown_event_is_not_found(shared):
    for event_id in (uuid4(), "x", "../../etc"):
        answer = shared.client().get(f"{EVENTS}/{event_id}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def pages(small, query: str) -> list[list[str]]:
    found, address = [], f"{EVENTS}?{query}"
    while address:
        body = small.client().get(address).get_json()
        found.append([feature["id"] for feature in body["features"]])
        address = body["links"].get("next")
    return found


def test_pages_hold_every_event_once_though_more_come_meanwhile(small):
    ids = {str(small.accept(IN_A1).id) for _ in range(7)}
    first = small.client().get(f"{EVENTS}?limit=3").get_json()
    late = str(small.accept(IN_A1).id)
    seen = [feature["id"] for feature in first["features"]]
    address = first["links"]["next"]
    while address:
        body = small.client().get(address).get_json()
        assert len(body["features"]) <= 3
        seen += [feature["id"] for feature in body["features"]]
        address = body["links"].get("next")
    assert len(seen) == len(set(seen))
    assert ids <= set(seen) <= ids | {late}


def test_lists_by_box_grid_state_and_time(small):
    in_a1, in_b2 = str(small.accept(IN_A1).id), str(small.accept(IN_B2).id)
    outside = str(small.accept((126.599, 45.905)).id)
    everywhere = {in_a1, in_b2, outside}
    cases = {
        "bbox=126.6,45.9,126.61,45.91": {in_a1},
        "bbox=-180,-90,180,90": everywhere,
        f"grid={B2}": {in_b2},
        "grid=": {outside},
        "state=reported": everywhere,
        "state=closed": set(),
        "open=true": everywhere,
        "from=2025-06-18T15:00:00%2B08:00": everywhere,
        "to=2025-06-18T15:00:00%2B08:00": set(),
        f"state=reported&grid={A1}": {in_a1},
    }
    for query, wanted in cases.items():
        assert {event_id for page in pages(small, query) for event_id in page} == wanted, query


@pytest.mark.parametrize(
    "query",
    ["bbox=1,2,3", "bbox=a,b,c,d", "bbox=126.7,45,126.6,46", "bbox=nan,0,1,1", "bbox=0,0,999,1", "limit=0", "limit=1001",
     "limit=x", "cursor=x", "cursor=MjAyNQ==", "from=2025-06-18T15:00:00", "state=flood", "offset=10",
     "grid=" + "9" * 99],
)  # fmt: skip
def test_bad_queries_are_refused_by_name(shared, query):
    answer = shared.client().get(f"{EVENTS}?{query}")
    assert answer.status_code in {400, 422}
    assert set(answer.get_json()) == FORM
    assert query.partition("=")[0] in answer.get_json()["where"]["path"]
