"""The sessions of an account name the browser in words that its owner knows again."""

from __future__ import annotations

import pytest

from geogrid.domain.people import Role
from tests.build_installation import DISTRICT
from webmap.browser_words import browser_words

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36", "Chrome · Linux"),
        (f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0", "WeChat · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_program_and_system(line, words):
    assert browser_words(line) == words


def test_the_page_shows_words_and_keeps_the_line_at_hand(shared):
    page = shared.login_as(Role.OFFICER, unit=DISTRICT).get("/account", headers={"Accept": "text/html"}).text
    assert 'title="test">test</td>' in page, "what nobody knows is shown as it was sent"
