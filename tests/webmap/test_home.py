"""The map's page and what it asks for: bounded, escaped, in both languages, marked as simulated."""

from __future__ import annotations

import json
import re

import pytest

from geogrid.texts import translate
from tests.build_district import A1, IN_A1, NOW
from webmap.cards import TYPES
from webmap.map_words import FACES, GROUPS, LIVE, WORDS
from webmap.opening_hours import hours_text
from webmap.saved_map import saved_map

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
JSON = {"Accept": "application/json"}


def config_of(page: str) -> dict:
    return json.loads(re.search(r'id="geogrid-config">(.*?)</script>', page, re.DOTALL)[1])


@pytest.mark.parametrize(("language", "words"), [("zh", "图层与图例"), ("en", "Layers and legend")])
def test_the_page_speaks_the_language_asked_for(shared, language, words):
    page = shared.client().get(f"/?lang={language}", headers=BROWSER).text
    assert words in page and f'<html lang="{language}"' in page
    assert "模拟数据" in page and "SIMULATED" in page
    assert config_of(page)["language"] == language


def test_the_page_is_light_and_its_inline_code_has_the_nonce_of_the_policy(shared):
    answer = shared.client().get("/", headers=BROWSER)
    assert len(answer.get_data()) < 30_000
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])[1]
    assert set(re.findall(r'nonce="([^"]+)"', answer.text)) == {nonce}
    assert "https://" not in answer.text


def test_every_word_of_the_map_is_there_in_chinese():
    texts = [*WORDS.values(), *FACES.values(), *LIVE.values(), *GROUPS.values(), *TYPES.values()]
    assert [text for text in texts if text and translate(text, "zh") == text] == []


def test_what_the_templates_say_is_there_in_chinese():
    from geogrid.settings import ROOT

    for name in ("map.html", "import.html", "imports.html", "unplaced.html", "error.html", "docs.html"):
        text = (ROOT / "webmap/templates" / name).read_text(encoding="utf-8")
        said = re.findall(r'say\("([^"]+)"', text)
        assert said and [word for word in said if translate(word, "zh") == word] == [], name


def test_what_is_asked_for_is_opened(shared):
    assert config_of(shared.client().get(f"/?grid={A1}", headers=BROWSER).text)["asked"] == {"type": "grid", "code": A1}
    nasty = "</script><script>alert(1)</script>"
    assert "<script>alert" not in shared.client().get("/", query_string={"event": nasty}, headers=BROWSER).text


def test_cards_are_plain_values(shared):
    event = shared.accept(IN_A1, words="<img src=x onerror=alert(1)>")
    card = shared.client().get(f"/events/{event.id}?lang=zh", headers=JSON).get_json()
    rows = {row["label"]: row["value"] for row in card["rows"]}
    assert rows["内容"] == "<img src=x onerror=alert(1)>"
    grid_name = shared.client().get(f"/grids/{A1}", headers=JSON).get_json()["title"]
    assert rows["网格"] == f"{grid_name} ({A1})" and rows["落格方式"] == "在网格内"
    assert rows["最近站点"].endswith(" 米") and "(" in rows["最近站点"]
    assert rows["把握"].startswith("100") and rows["版本"] == "2025"
    assert rows["上报时间"].startswith("2025-06-18 15:00")
    assert card["bbox"][0] == pytest.approx(IN_A1[0])
    grid = shared.client().get(f"/grids/{A1}", headers=JSON).get_json()
    assert grid["title"] and grid["bbox"][0] < grid["bbox"][2]


def test_a_card_says_who_answers_and_by_when_in_words_and_shape(shared):
    event = shared.accept(IN_A1)
    rows = {
        row["label"]: row["value"] for row in shared.client().get(f"/events/{event.id}?lang=zh", headers=JSON).get_json()["rows"]
    }
    assert rows["办理环节"] == "已上报"
    assert rows["责任方"] == "甲社区 (999901001001)"
    assert rows["时限"].startswith("● 正常 · 立案时限 · 2025-06-18 17:00") or rows["时限"][0] in "▲■"
    card = shared.client().get(f"/events/{event.id}?lang=zh", headers=JSON).get_json()
    lights = {row["label"]: row["light"] for row in card["rows"] if "light" in row}
    assert lights == {"时限": {"●": "green", "▲": "amber", "■": "red", "○": "grey"}[rows["时限"][0]]}
    english = {
        r["label"]: r["value"] for r in shared.client().get(f"/events/{event.id}?lang=en", headers=JSON).get_json()["rows"]
    }
    assert english["Answers for it"] == "甲社区 (999901001001)"
    assert english["Progress"] == "Reported"


def test_a_card_is_json_and_a_browser_is_sent_to_the_map(shared):
    answer = shared.client().get(f"/grids/{A1}", headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/?grid={A1}")


@pytest.mark.parametrize("path", ["/grids/none", "/stations/none", "/events/00000000-0000-0000-0000-000000000000"])
def test_what_is_not_there_is_said_in_the_one_form(shared, path):
    answer = shared.client().get(path, headers=JSON)
    assert answer.status_code == 404
    assert set(answer.get_json()) == {"code", "message", "where", "retry"}


def test_search_is_bounded(shared):
    found = shared.client().get("/search?q=999901001", headers=JSON).get_json()["found"]
    assert 1 <= len(found) <= 12 and {"type", "kind", "code", "title", "bbox"} == set(found[0])
    assert shared.client().get("/search?q=", headers=JSON).get_json() == {"found": []}
    assert shared.client().get("/search", query_string={"q": "x" * 61}, headers=JSON).status_code == 400
    assert shared.client().get("/search?q=a%00b", headers=JSON).status_code == 400
    assert shared.client().get("/grids/a%00b", headers=JSON).status_code == 400


def test_the_saved_page_asks_nobody_and_says_that_it_is_made_up(shared, session):
    from geogrid.store.session import session_scope
    from webmap.installation import installation

    shared.accept(IN_A1)
    here = installation(shared.app)
    with session_scope(here.engine) as reading:
        page = saved_map(reading, here.district.profile, "zh", now=NOW)
    assert "模拟数据" in page and "2025-06-18 15:00" in page
    told = config_of(page)
    assert told["inline"]["events"] and told["inline"]["layers"]["base_grids"]["features"]
    assert "stream" not in told and "tiles" not in told
    grid = next(f for f in told["inline"]["layers"]["base_grids"]["features"] if f["properties"]["code"] == A1)["properties"]
    assert grid["name"] and grid["village"] and grid["township"] and float(grid["area_km2"]) > 0
    assert not re.search(
        r'<(?:script|link|img)[^>]+(?:src|href)="(?!data:)', re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    )


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("Tu,Th 09:00-15:00", "周二、周四 09:00-15:00", "Tue, Thu 09:00-15:00"),
        ("Mo-Fr 08:30-12:00,13:30-17:00; Sa 09:00-12:00", "周一至周五 08:30-12:00、13:30-17:00；周六 09:00-12:00", None),
        ("Mo-Su 08:00-18:00; PH off", "周一至周日 08:00-18:00；法定节假日 休息", None),
        ("24/7", "全天", "at all hours"),
        ("by appointment", "by appointment", "by appointment"),
    ],
)
def test_opening_hours_are_said_in_words(written, zh, en):
    assert hours_text(written, "zh") == zh
    assert en is None or hours_text(written, "en") == en
