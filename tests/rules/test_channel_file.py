"""Channel files: those shipped hold together; one that is broken is refused with the line and the reason."""

from __future__ import annotations

import pytest

from geogrid.actions.outside_channels import read_channel, read_channels
from geogrid.actions.programmes import shipped_programmes
from geogrid.domain.outside import Amended, OrderState
from geogrid.errors import ChannelFileInvalid, OutsideChannelUnknown
from geogrid.rules.channel_file import parse_channel, read
from geogrid.settings import ROOT
from tests.rules.people import programme

FOLDER = ROOT / "data" / "channels"
TEXT = (FOLDER / "12345.toml").read_text("utf-8")
KULUN = programme("kulun_hotline")


def line_of(text: str) -> int:
    return TEXT[: TEXT.index(text)].count("\n") + 1


def test_shipped_channels_fit_their_programmes():
    found = read_channels([ROOT / "data"], shipped_programmes("hulan"))
    assert list(found.by_code) == ["110_non_police", "12345"]
    hotline = found.of("12345")
    assert (hotline.amended, hotline.rule_for("decline").state) == (Amended.KEEP, OrderState.RETURNED)
    assert hotline.rule_for("dispatch") is None
    assert (found.come_by("hotline"), found.come_by("superior"), found.come_by("patrol"), found.come_by("x")) == (
        True, True, False, False,
    )  # fmt: skip
    with pytest.raises(OutsideChannelUnknown, match="110_non_police, 12345"):
        found.of("12346")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_channels_lead_nowhere_and_hold_no_secret(path):
    channel = read_channel(path, shipped_programmes("hulan"))
    assert channel.send.url.split("/")[2].endswith(".invalid")  # RFC 2606: no such address exists
    assert "${secret}" in channel.send.value


def test_a_file_of_the_installation_goes_before_the_shipped_one(tmp_path):
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "12345.toml").write_text(TEXT.replace("12345 热线", "本地热线"), "utf-8")
    found = read_channels([ROOT / "data", tmp_path], shipped_programmes("hulan"))
    assert found.of("12345").title.zh == "本地热线"
    assert list(found.by_code) == ["110_non_police", "12345"]


BROKEN = [
    ('channel = "hotline"', 'channel = "hotlines"', "'hotlines' is none of"),
    ('channel = "hotline"', 'channel = "patrol"', "is for people"),
    ('code = "12345"', 'code = "other"', "is not the name of its file"),
    ('number = "工单编号"', '# number', "number is missing"),
    ('kind = "诉求类别"', '# kind', "no field says which"),
    ('zone = "Asia/Shanghai"', 'zone = "Asia/Harbin2"', "is no time zone"),
    ('datum = "gcj02"', 'datum = "guess"', "'guess' is none of"),
    ('category = "C02"', 'category = "C99"', "kulun_hotline has no category C99"),
    ('category = "C02"', 'category = "E01"', "E01 is of kind environment"),
    ('theirs = ["路灯照明"]', 'theirs = ["供水供电"]', "'供水供电' stands twice"),
    ('again = "reopen"', 'again = "open_again"', "kulun_hotline has no step open_again"),
    ('steps = ["accept"]', 'steps = ["acept"]', "kulun_hotline has no step acept"),
    ('steps = ["accept"]', 'steps = ["reply"]', "reply is told already"),
    ('state = "accepted"', 'state = "received"', "nothing is told of it"),
    ('path = "/orders/${number}/sign"', 'path = "orders"', "it begins with /"),
    ('"reason": "${words}"', '"reason": "${callback}"', "${callback} is filled by nothing"),
    ('"reason": "${words}"', '"reason": "$ {words}"', "it is no template"),
    ('url = "https://hotline.12345.invalid/open/v1"', 'url = "ftp://x"', "it begins with https://"),
    ('secret = "hotline_12345"', 'secret = "../../etc"', "it names a file of var/secrets"),
    ('secret = "hotline_12345"', "# secret", "secret names no file"),
    ('value = "${secret}"', 'value = "${password}"', "only ${secret} is filled here"),
    ('accepted = ["0"]', "accepted = []", "no code means that it was taken"),
    ('duplicate = ["1001"]', 'duplicate = ["2001"]', "'2001' means two things"),
    ("most_tries = 16", "most_tries = 0", "it lies between 1 and 50"),
    ("first_s = 30", 'first_s = "soon"', "is not a whole number"),
    ("time_out_s = 10", "time_out_s = 600", "it lies between 1 and 60"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "reason"), BROKEN, ids=[reason for _, _, reason in BROKEN])
def test_a_broken_file_is_refused_with_its_line(before, after, reason):
    assert before in TEXT
    _, faults = read(TEXT.replace(before, after, 1), "12345.toml", KULUN)
    assert any(reason in fault.reason for fault in faults), faults
    named = min(abs(fault.line - line_of(before)) for fault in faults if reason in fault.reason)
    assert named <= 8, faults  # of a missing key, the table's; of a code that means two things, its table's
    with pytest.raises(ChannelFileInvalid, match=r"12345\.toml"):
        parse_channel(TEXT.replace(before, after, 1), "12345.toml", KULUN)


def test_a_file_that_is_no_toml_names_its_line():
    _, faults = read("code = \n", "x.toml")
    assert faults[0].line == 1


def test_a_channel_whose_programme_is_gone_is_refused(tmp_path):
    path = tmp_path / "12345.toml"
    path.write_text(TEXT.replace('programme = "kulun_hotline"', 'programme = "gone"'), "utf-8")
    with pytest.raises(ChannelFileInvalid, match="programme gone"):
        read_channel(path, shipped_programmes("hulan"))
