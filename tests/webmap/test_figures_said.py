"""What pages of figures say besides the numbers: which period is meant, what was mistyped, that nothing is no small number."""

from __future__ import annotations

import io
import re
from html import unescape

import openpyxl
import pytest
from sqlalchemy import text

from geogrid.store.session import session_scope
from webmap.installation import installation


@pytest.fixture
def client(small):
    small.accept()
    return small.client()


def page(client, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, (path, answer.text[:500])
    return answer.text


@pytest.mark.parametrize("wrong", ["last=2025-06-01", "last=2025-06-31", "last=2030-01-01", "figure=none&last=2025-06-03"])
def test_the_form_keeps_what_was_right(client, wrong):
    """Whoever mistypes the last day types the last day again, not the period and by whom as well."""
    answer = client.get(f"/figures?period=own&first=2025-06-02&by=post&{wrong}", headers={"Accept": "text/html"})
    assert answer.status_code == 400
    form = answer.text.partition('id="ask"')[2].partition("</form>")[0]
    assert '<option value="own" selected>' in form and '<option value="post" selected>' in form
    assert 'name="first" value="2025-06-02"' in form


def test_what_stands_as_of_now_says_that_no_period_is_meant(client):
    """Of a year ago, what is open now would be read as what was open then."""
    past, now = "period=month&day=2024-02-01&lang=en", "As it stands now, whatever the period"
    overview = page(client, f"/figures?{past}").partition('aria-labelledby="all"')[2].partition("</section>")[0]
    assert overview.count(now) == 3, "open, overdue, load"
    listed = page(client, f"/figures/open_now/events?{past}&part=denominator")
    assert now in listed and "2024-02" not in listed.partition("<table")[0].partition('class="value"')[0].rpartition("<p>")[2]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/figures.xlsx?{past}").data))
    made = {row[0]: row[7] for row in book.worksheets[0].iter_rows(values_only=True) if len(row) > 7}
    assert now in made["Open now"] and now not in made["Closing rate"]


def test_nothing_is_no_small_number(client):
    assert "small number" not in page(client, "/figures/closing_rate/events?period=day&day=2099-01-01&lang=en")


@pytest.mark.parametrize(("split", "kept"), [("timed", "timed"), ("-", "-"), ("", None)])
def test_another_period_or_group_keeps_the_part_that_is_looked_at(client, split, kept):
    """Whoever looks at the time-limited by township and then asks by department still looks at the time-limited."""
    query = "figure=closing_rate_by_handling" + (f"&split={split}" if split else "")
    form = page(client, f"/figures?{query}").partition('id="ask"')[2].partition("</form>")[0]
    assert re.findall(r'name="split" value="([^"]*)"', form) == ([] if kept is None else [kept])


def test_the_line_through_time_can_be_read_as_a_table_that_opens_each_period(client):
    """A canvas is read by nobody who does not see it, and taken along by nobody."""
    body = page(client, "/figures?period=month&day=2025-06-18&by=post&figure=bounced&lang=en")
    rows = re.findall(
        r'<th scope="row"><a href="([^"]+)">([^<]+)</a></th><td class="n">([^<]+)</td>', body.partition('"trend"')[2]
    )
    assert len(rows) == 12
    (*_, (before, name, value), (last, so_far, now)) = [(unescape(href), name, value) for href, name, value in rows]
    assert (name, value, so_far, now) == ("2025-05", "—", "2025-06 so far", "0.00 %")
    assert "period=month" in before and "day=2025-05-01" in before and "by=post" in before and "figure=bounced" in before
    assert now in page(client, last) and 'class="trend"' not in page(client, "/figures?figure=open_now")


def test_a_period_of_which_only_days_were_asked_for_says_so(small, client):
    """Half a week beside whole ones looks like a fall."""
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE events SET reported_at = '2025-04-01T12:00+08:00'"))
    body = page(client, "/figures?period=own&first=2025-01-15&last=2025-05-20&lang=en")
    names = re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a></th><td class="n">', body.partition('"trend"')[2])
    assert [name.endswith(" in part") for name in names] == [True, *[False] * (len(names) - 2), True]
    whole = page(client, "/figures?period=own&first=2025-01-13&last=2025-05-18&lang=en")
    assert 'class="trend"' in whole and " in part" not in whole


def test_a_row_of_a_list_leads_to_its_event(client):
    body = page(client, "/figures/closing_rate/events?part=rest")
    found = re.findall(r'<th scope="row"><a href="(/events/[^"]+)"', body)
    assert len(found) == 1
    assert client.get(found[0], headers={"Accept": "text/html"}).status_code == 200
