"""The desk's page: what it hands to its scripts fits what the API takes, for every role that may open it."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from geogrid.domain.people import Role
from geogrid.settings import ROOT
from tests.build_installation import DISTRICT
from webmap.desk_words import FLAGS, KEYS, QUICK

SCRIPTS = ROOT / "webmap" / "static" / "js" / "desk"


def config_of(client, query: str = "") -> dict:
    page = client.get(f"/desk{query}").get_data(as_text=True)
    return json.loads(re.search(r'id="config" type="application/json">(.*?)</script>', page, re.DOTALL).group(1))


@pytest.fixture
def desk(shared):
    return shared.login_as(Role.DISPATCHER, unit=DISTRICT)


def test_no_key_does_two_things():
    assert [key for key, count in Counter(one.key for one in KEYS).items() if count > 1] == []


@pytest.mark.parametrize("query", [*(query for _, query in QUICK), *({name: "1"} for name, _ in FLAGS)], ids=str)
def test_the_queue_takes_every_quick_list_and_every_flag(desk, query):
    assert desk.get("/api/v1/desk/queue", query_string=query).status_code == 200


def test_the_queue_takes_every_choice_of_the_filter(desk):
    fields = config_of(desk)["filters"]["fields"]
    assert {"light", "township", "channel", "kind", "category", "state", "owner"} <= {field["name"] for field in fields}
    for field in fields:
        assert field["choices"], field["name"]
        for choice in (field["choices"][0], field["choices"][-1]):
            asked = {field["name"]: choice["code"]}
            assert desk.get("/api/v1/desk/queue", query_string=asked).status_code == 200, asked


def test_the_scripts_say_only_what_the_page_hands_to_them(desk):
    words = config_of(desk)["words"]
    used = set()
    for path in SCRIPTS.glob("*.js"):
        used |= {(path.name, name) for name in re.findall(r"\bwords\.([a-z_]+)\b", path.read_text("utf-8"))}
    assert [one for one in sorted(used) if one[1] not in words] == []


def test_words_are_in_the_language_of_the_reader(desk):
    assert config_of(desk, "?lang=zh")["words"]["lights"]["red"] == "超期"
    assert config_of(desk, "?lang=en")["words"]["lights"]["red"] == "Overdue"
    desk.get("/desk?lang=zh")


def test_steps_for_many_at_once_are_those_of_the_readers_roles(shared, desk):
    mine = {one["code"] for one in config_of(desk)["bulk_steps"]}
    assert {"open", "dispatch", "urge", "note"} <= mine
    assert "supervise" not in mine, "supervising is for commanders and township leaders"
    auditor = config_of(shared.login_as(Role.AUDITOR, unit=DISTRICT))
    assert auditor["bulk_steps"] == []
    assert (auditor["may_place"], auditor["may_write"], auditor["colleagues"]) == (False, False, [])


def test_names_of_colleagues_go_to_who_runs_a_desk_alone(small):
    """In an installation of its own: in the shared one more people run the desk than are named."""
    other = small.login_as(Role.COMMANDER, unit=DISTRICT).person_id
    desk = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    assert [one["party"] for one in config_of(desk)["colleagues"]] == [f"person:{other}"]
    assert config_of(small.login_as(Role.OFFICER, unit=DISTRICT))["colleagues"] == []
