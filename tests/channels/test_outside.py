"""Orders of outside channels: read by the channel's file, told back by its templates, answers understood."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.actions.outside_channels import read_channels
from geogrid.actions.programmes import shipped_programmes
from geogrid.channels.outside import heard, order_of, request_of, time_told
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.outside import Verdict
from geogrid.domain.places import Datum
from geogrid.errors import CoordSwapped, FieldMissing, FieldType, FieldValue, OrderTimeForm, TextTooLong, TimeFuture
from geogrid.settings import ROOT
from tests.build_district import NOW, profile

CHANNELS = read_channels([ROOT / "data"], shipped_programmes("hulan"))
HOTLINE, POLICE = CHANNELS.of("12345"), CHANNELS.of("110_non_police")
ORDER = {
    "工单编号": "HL1", "诉求内容": "路灯不亮", "诉求地址": "甲社区", "受理时间": "2025-06-18 14:50:00", "诉求类别": "路灯照明",
    "来电号码": "13912345678", "派单时间": "2025-06-18 14:55:00", "经度": 126.611, "纬度": 45.907,
}  # fmt: skip


def made(channel=HOTLINE, **more):
    return order_of(channel, ORDER | more, now=NOW, profile=profile())


def test_their_fields_become_ours_and_their_point_keeps_its_datum():
    order = made()
    report = order.report
    assert (order.number, order.category, order.callback, order.round) == ("HL1", "C02", "13912345678", "2025-06-18 14:55:00")
    assert (report.channel, report.kind, report.words, report.address) == (
        Channel.HOTLINE,
        EventKind.FACILITY,
        "路灯不亮",
        "甲社区",
    )
    assert report.observed_at == datetime(2025, 6, 18, 6, 50, tzinfo=UTC)  # 14:50 in their zone
    assert (report.point.lon, report.point.datum, report.point.accuracy_m) == (126.611, Datum.GCJ02, 50.0)


def test_what_the_file_does_not_name_is_left_out():
    assert made(坐席="张三").body_hash == made().body_hash


def test_an_order_is_the_same_by_file_and_by_request():
    """Cells of tables are text, or floats where a spreadsheet made them so; a date cell has its own type."""
    by_file = made(经度="126.611", 纬度="45.907", 受理时间=datetime(2025, 6, 18, 14, 50))  # noqa: DTZ001 a cell knows no zone
    assert by_file.body_hash == made().body_hash
    assert made(工单编号=20250618.0).body_hash == made(工单编号="20250618").body_hash


def test_a_sending_differs_by_its_round_and_its_words_and_keeps_its_report():
    other = made(派单时间="2025-06-19 09:00:00")
    assert other.body_hash != made().body_hash
    assert other.report.id == made().report.id != made(工单编号="HL2").report.id


def test_a_kind_of_theirs_that_nobody_named_is_other_or_refused():
    assert (made(诉求类别="外星来客").report.kind, made(诉求类别="外星来客").category) == (EventKind.OTHER, "X")
    with pytest.raises(FieldValue) as caught:
        made(replace(HOTLINE, otherwise=None), 诉求类别="外星来客")
    assert caught.value.where == {"path": "诉求类别"}


def test_the_polices_platform_writes_other_forms():
    order = {"jjdbh": 7.0, "bjnr": "噪声", "bjsj": "20250618145000", "sjlb": "04", "jd": "126.605", "wd": "45.905"}
    found = order_of(POLICE, order, now=NOW, profile=profile())
    assert (found.number, found.report.channel, found.report.kind, found.category) == (
        "7",
        Channel.SUPERIOR,
        EventKind.ORDER,
        "O01",
    )
    assert found.report.point.datum is Datum.CGCS2000


@pytest.mark.parametrize(
    ("more", "error", "path"),
    [
        ({"工单编号": " "}, FieldMissing, "工单编号"),
        ({"工单编号": ["x"]}, FieldType, "工单编号"),
        ({"工单编号": "a\nb"}, FieldValue, "工单编号"),
        ({"工单编号": "9" * 61}, TextTooLong, "工单编号"),
        ({"诉求内容": None}, FieldMissing, "诉求内容"),
        ({"受理时间": "18/06/2025"}, OrderTimeForm, "受理时间"),
        ({"受理时间": None}, FieldMissing, "受理时间"),
        ({"受理时间": "2099-01-01 00:00:00"}, TimeFuture, "受理时间"),
        ({"经度": 45.907, "纬度": 126.611}, CoordSwapped, "经度"),
        ({"来电号码": True}, FieldType, "来电号码"),
    ],
)
def test_what_cannot_be_taken_is_named_by_their_own_field(more, error, path):
    with pytest.raises(error) as caught:
        made(**more)
    assert caught.value.where["path"] == path


def test_a_time_of_another_form_is_answered_with_theirs():
    """Not with the platform's own form: who follows that is refused once more."""
    with pytest.raises(OrderTimeForm) as caught:
        made(受理时间="2025-06-18T15:00:00+08:00")
    assert "2025-06-18 15:00:00" in caught.value.message("en")
    made(受理时间=caught.value.values["example"])


def test_an_order_of_a_workbook_with_dates_is_the_order_of_a_request():
    """Tables keep times as dates, the time of dispatch too: the same order by file and by request is one sending."""
    dates = {name: datetime.fromisoformat(str(ORDER[name])) for name in ("受理时间", "派单时间")}
    assert made(**dates) == made()


def test_half_a_place_is_missed_by_their_own_field():
    with pytest.raises(FieldMissing) as caught:
        made(经度=126.611, 纬度=None)
    assert (caught.value.values["field"], caught.value.where["path"]) == ("纬度", "纬度")


def test_an_order_is_an_object():
    with pytest.raises(FieldType):
        order_of(HOTLINE, [ORDER], now=NOW, profile=profile())


# -- told back --------------------------------------------------------------------------------------------------------


@given(st.text(max_size=60), st.text(min_size=1, max_size=30))
def test_whatever_is_written_the_body_stays_json_and_the_path_one_segment(words, number):
    """A reply with quotes, line ends or a dollar sign must neither break the request nor write into another field."""
    values = {"number": number, "event": "1", "round": "1", "step": "", "at": "", "unit": "甲", "words": words}
    request = request_of(HOTLINE.rule_for("reply"), values)
    body = json.loads(request.body)
    assert (body["content"], body["orderNo"], body["unit"]) == (words, number, "甲")
    assert request.path.count("/") == 3
    assert request.path.isascii()


def test_times_are_told_as_they_write_them():
    assert time_told(HOTLINE, NOW) == "2025-06-18 15:00:00"
    assert time_told(POLICE, NOW) == "20250618150000"
    bare = replace(HOTLINE, time=replace(HOTLINE.time, form=""))
    assert time_told(bare, NOW) == NOW.astimezone(ZoneInfo("Asia/Shanghai")).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("channel", "status", "text", "verdict", "reason"),
    [
        (HOTLINE, 200, '{"code": "0", "msg": "ok"}', Verdict.ACCEPTED, "ok"),
        (HOTLINE, 200, '{"code": 0}', Verdict.ACCEPTED, ""),
        (HOTLINE, 200, '{"code": "1001", "msg": "重复提交"}', Verdict.DUPLICATE, "重复提交"),
        (HOTLINE, 200, '{"code": "2001", "msg": "理由不充分"}', Verdict.REFUSED, "理由不充分"),
        (HOTLINE, 400, "no", Verdict.REFUSED, "it answered 400"),
        (HOTLINE, 200, "<html>", None, "not what was agreed"),
        (HOTLINE, 200, '{"code": "77"}', None, "not what was agreed"),
        (HOTLINE, 500, '{"code": "0"}', None, "it answered 500"),  # it may have taken it: the same key asks again
        (HOTLINE, 429, "", None, "it answered 429"),
        (POLICE, 204, "", Verdict.ACCEPTED, ""),
        (POLICE, 409, "", Verdict.DUPLICATE, ""),
        (POLICE, 422, '{"detail": "编号不存在"}', Verdict.REFUSED, "编号不存在"),
        (POLICE, 422, "[1]", Verdict.REFUSED, "it answered 422"),
    ],
)
def test_answers_are_understood(channel, status, text, verdict, reason):
    found = heard(channel, status, text)
    assert found.verdict is verdict
    assert reason in found.reason
