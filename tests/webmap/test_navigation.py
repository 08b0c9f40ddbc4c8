"""The links from page to page: each leads to a page, has its Chinese, and is shown to those alone who may open it."""

from __future__ import annotations

import re

import pytest

from geogrid.domain.people import STAFF, Role
from geogrid.texts import catalogue
from tests.build_installation import DISTRICT
from webmap.navigation import LINKS, Link, in_line, is_here, links_for
from webmap.roles import PUBLIC, roles_of

HTML = {"Accept": "text/html"}


def hrefs(page: str) -> list[str]:
    found = re.search(r'<nav class="nav".*?</nav>', page, re.DOTALL)
    return re.findall(r'href="([^"]+)"', found[0]) if found else []


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.path)
def test_a_link_names_the_roles_of_its_page_and_has_its_chinese(shared, link):
    endpoint, _ = shared.app.url_map.bind("localhost").match(link.path, method="GET")
    named = roles_of(shared.app, endpoint)
    assert named in (PUBLIC, link.roles), "who sees the link may open the page, and nobody else"
    assert (None, link.title) in catalogue("zh")


def test_no_page_has_two_links():
    assert len({link.path for link in LINKS}) == len(LINKS)


@pytest.mark.parametrize("role", sorted(STAFF), ids=str)
def test_every_link_that_a_reader_is_shown_opens(shared, role):
    client = shared.login_as(role, unit=DISTRICT, department="urban")
    shown = hrefs(client.get("/recast", headers=HTML).text)
    assert set(shown) == {link.path for link in links_for(frozenset({role}))}
    assert {path: client.get(path, headers=HTML).status_code for path in shown} == dict.fromkeys(shown, 200)


def test_the_map_leads_to_the_same_pages(shared):
    client = shared.login_as(Role.ADMINISTRATOR, unit=DISTRICT)
    page = client.get("/", headers=HTML).text
    missing = {link.path for link in links_for(frozenset({Role.ADMINISTRATOR}))} - set(re.findall(r'href="([^"]+)"', page))
    assert missing <= {"/"}


def test_a_guest_is_shown_no_links(shared):
    assert hrefs(shared.guest().get("/login", headers=HTML).text) == []


def test_the_page_itself_is_marked(shared):
    page = shared.client().get("/recast", headers=HTML).text
    assert re.findall(r'href="([^"]+)" aria-current="page"', page) == ["/recast"]


def links(number: int) -> tuple[Link, ...]:
    return tuple(Link(f"/{n}", str(n), STAFF) for n in range(number))


@pytest.mark.parametrize("number", [0, 1, 8, 9, 10, 20])
def test_no_link_is_lost_between_the_bar_and_what_opens_below_it(number):
    every = links(number)
    for current in ("", "/0", f"/{number - 1}"):
        bar, more = in_line(every, current, most=8)
        assert {*bar, *more} == set(every)
        assert len(bar) + len(more) == number
        assert len(more) != 1, "one alone is not hidden"
        assert all(link in bar for link in every if link.path == current), "where the reader is stands in the bar"


def test_a_page_below_another_marks_the_one_above():
    link = Link("/admin/people", "Accounts", STAFF)
    paths = ("/admin/people", "/admin/people/1", "/admin", "/admin/peoples")
    assert [is_here(link, path) for path in paths] == ["page", "true", "", ""]
    assert not is_here(Link("/", "Map", STAFF), "/recast")
