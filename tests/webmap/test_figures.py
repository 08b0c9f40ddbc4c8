"""The pages of figures: every number opens its list, files hold what the page says, nobody sees more than his own."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from html import unescape
from uuid import uuid4

import openpyxl
import pytest
from sqlalchemy import text

from geogrid.domain.people import Role
from geogrid.settings import ROOT
from geogrid.store.cluster import cluster_url, create_database, drop_database
from geogrid.store.session import session_scope
from tests.build_district import TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A
from tests.build_figures import lived
from tests.build_installation import DISTRICT, Small, small_installation
from webmap.installation import installation

YEAR = "period=own&first=2025-03-01&last=2025-06-18"
MANY = {"GEOGRID_EXPORTS_A_MINUTE": "9000"}  # the tests open each list as a file
MOBILE, NAME = "13912345678", "慕容金丝雀"


@pytest.fixture(scope="module")
def lively(cluster_dir, template, tmp_path_factory) -> Iterator[Small]:
    """An installation of its own with eighty events of every kind of fact, whose words and handlers are canaries."""
    name = f"figures_{uuid4().hex[:12]}"
    create_database(cluster_dir, name, template=template)
    with small_installation(tmp_path_factory.mktemp("figures") / "var", cluster_url(cluster_dir, name), **MANY) as made:
        here = installation(made.app)
        with session_scope(here.engine) as session:
            lived(session, here.district)
            said = {"said": f"电话{MOBILE}，=HYPERLINK(1)", "name": NAME}
            session.execute(text("UPDATE events SET words = :said, address = '=1+1' || :said"), said)
            session.execute(text("UPDATE people SET name = :name, phone = '13798765432'"), said)
        yield made
    drop_database(cluster_dir, name)


@pytest.fixture
def client(lively):
    return lively.client()


def page(client, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, (path, answer.text[:500])
    return answer.text


def links(body: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="(/figures/[^"]+)"', body)]


ASKED = (
    "", "by=department", "by=post&figure=in_time_by_level", "by=district&figure=reports_by_channel", "reading=recast",
    f"{YEAR}&figure=closing_time", "figure=households_covered", "figure=load", "period=day&lang=en", "period=quarter",
    "period=week&figure=settled_by_level", "period=year&figure=rating", "figure=in_time_by_handling&split=timed",
    "figure=money_recovered",
)  # fmt: skip


@pytest.mark.parametrize("query", ASKED)
def test_the_page_is_there_for_every_period_group_and_figure(client, query):
    body = page(client, f"/figures?{query}")
    assert "SIMULATED" in body
    assert 'id="one"' in body
    assert re.search(r"2025-06-18 15:0\d:\d\d", body), "the instant is stated"


@pytest.mark.parametrize("query", [f"{YEAR}&by={by}&figure={code}&lang=en" for by, code in (
    ("township", "closing_rate"), ("department", "in_time_by_handling"), ("post", "bounced"), ("district", "reports_by_channel"),
    ("township", "mediation_success"), ("township", "money_recovered"),
)])  # fmt: skip
def test_every_number_of_the_page_opens_a_list_of_as_many_rows(client, query):
    """Each link beside a number: the file behind it has that many rows."""
    body = page(client, f"/figures?{query}")
    found = re.findall(r'<a class="" href="([^"]+)" title="[^"]*">([\d,]+)</a>', body)
    assert len(found) > 10
    for href, number in dict(found).items():
        rows = list_of(client, unescape(href))
        assert len(rows) == int(number.replace(",", "")), href


def list_of(client, href: str) -> list[dict[str, str]]:
    answer = client.get(href.replace("/events?", "/events.csv?"))
    assert answer.status_code == 200, href
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines[1] == ["模拟数据 SIMULATED"]
    return [dict(zip(lines[2], line, strict=True)) for line in lines[3:]]


def test_the_value_opens_those_that_are_still_open(client):
    """99.93 % opens the 22."""
    body = page(client, f"/figures?{YEAR}&lang=en")
    value, rest = re.search(r'class="value" href="([^"]+)" title="opens: still open">([\d.]+) %', body).group(1, 2)
    href = unescape(value)
    assert "part=rest" in href
    rows = list_of(client, href)
    numbers = client.get(f"/api/v1/figures?{YEAR}").get_json()["figures"]
    row = next(one for one in numbers if (one["code"], one["group"], one["split"]) == ("closing_rate", "*", "*"))
    assert len(rows) == row["denominator"] - row["numerator"] > 0
    assert {one["Closed at"] for one in rows} == {""}
    assert float(rest) == row["value"] == row["numerator"] * 10_000 // row["denominator"] / 100


def test_a_list_is_read_page_by_page_to_its_end(client):
    href, seen = f"/api/v1/figures/reports_by_channel/events?{YEAR}&part=denominator&limit=30", []
    after = ""
    while True:
        told = client.get(f"{href}&after={after}").get_json()
        seen += [row["id"] for row in told["rows"]]
        after = told["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == told["figure"]["denominator"] == 80


def test_rows_are_sorted_by_the_figure_and_parts_stand_in_the_order_of_the_programme(client):
    body = page(client, f"/figures?{YEAR}&by=district&figure=closing_rate_by_handling&lang=en")
    titles = re.findall(r'<th scope="col" class="n">([^<]+)</th>', body.split('class="groups"')[1])
    assert titles == ["All together", "Immediate", "Time-limited", "Promised", "Agent-handled", "Not stated"]
    body = page(client, f"/figures?{YEAR}&by=department&figure=open_now&lang=en").split('class="groups"')[1]
    values = [int(value) for value in re.findall(r'class="value" href="[^"]+" title="[^"]+">(\d+) events<', body)]
    total, *rows, nobody = values
    assert rows == sorted(rows, reverse=True)
    assert sum(rows) + nobody == total


def test_a_period_that_is_not_over_says_so(client):
    """Its closing rate is low because its matters are young: the line must not look like a fall."""
    charts = json.loads(re.search(r'id="charts">(.+?)</script>', page(client, "/figures?lang=en")).group(1))
    names = [point["name"] for point in charts["points"]]
    assert names[-2:] == ["2025-05", "2025-06 so far"]
    assert not [name for name in names[:-1] if "so far" in name]
    past = page(client, "/figures?lang=en&day=2025-04-01")
    assert "so far" not in re.search(r'id="charts">(.+?)</script>', past).group(1)


def test_the_load_stands_with_the_workers_that_share_it(client):
    body = page(client, "/figures?figure=load&lang=en")
    assert re.search(r'<span class="">3</span> workers on duty', body), "workers open no list of events"


def test_whose_a_matter_is_stands_in_lists_by_name(lively, client):
    """A station's code says nothing to a leader."""
    with session_scope(installation(lively.app).engine) as session:
        session.execute(text("UPDATE stations SET name = '甲村解纷点' WHERE code = '99990100100101'"))
    body = page(client, f"/figures/open_now/events?{YEAR}&part=denominator")
    assert "甲村解纷点" in body and "99990100100101" not in body


def test_series_and_groups_add_up_to_the_total(client):
    told = client.get(f"/api/v1/figures?{YEAR}&by=township&figure=closing_rate").get_json()
    mine = [one for one in told["figures"] if one["code"] == "closing_rate"]
    total = next(one for one in mine if one["group"] == "*")
    for rows in ([one for one in mine if one["group"] != "*"], told["series"]):
        assert sum(one["denominator"] for one in rows) == total["denominator"]
        assert sum(one["numerator"] for one in rows) == total["numerator"]
    assert {one["code"] for one in told["definitions"]} >= {"closing_rate", "rating"}


@pytest.mark.parametrize(
    "query",
    ["period=decade", "by=planet", "figure=none", "reading=as-of", "day=2025-02-30",
     "period=own&first=2025-06-02&last=2025-06-01",
     "period=own&first=2020-01-01&last=2025-06-01", "day=9999-12-31", "period=own&first=0001-01-01&last=0001-01-02"],
)  # fmt: skip
def test_what_cannot_be_counted_is_said_with_the_form_to_mend_it(client, query):
    for language in ("zh", "en"):
        answer = client.get(f"/figures?{query}&lang={language}", headers={"Accept": "text/html"})
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
        assert 'id="ask"' in answer.text
    assert client.get(f"/api/v1/figures?{query}").status_code == 400


def test_a_row_of_a_clock_says_when_it_stopped(client):
    """In time is a matter of the clock: an event handled in time may well be closed after the day it was due."""
    in_time, late = (
        [(row["Clock stopped"], row["Due"]) for row in list_of(client, f"/figures/in_time/events?{YEAR}&part={part}&lang=en")]
        for part in ("numerator", "rest")
    )
    assert in_time and all(stopped and stopped <= due for stopped, due in in_time)
    assert late and all(not stopped or stopped >= due for stopped, due in late)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/figures/none/events", 404),
        ("/figures/closing_rate/events?part=half", 400),
        ("/figures/closing_rate/events?after=x", 400),
        ("/figures/closing_rate/events?after=MQ==", 400),
        ("/figures/closing_rate/events?group=%00", 400),
        ("/figures.pdf?paper=A0", 400),
    ],
)
def test_a_list_that_is_none_is_refused(client, path, status):
    assert client.get(path, headers={"Accept": "application/json"}).status_code == status


def test_a_place_ships_its_own_figures_and_a_broken_file_is_told_with_its_line(fresh_database, tmp_path):
    whole = (ROOT / "data/indicators.toml").read_text("utf-8")
    own = tmp_path / "own.toml"
    own.write_text(whole[: whole.index("[[figures]]", whole.index("[[figures]]") + 1)], encoding="utf-8")
    with small_installation(tmp_path / "var", fresh_database, GEOGRID_INDICATORS=str(own)) as small:
        client = small.client()
        small.accept()
        codes = [one["code"] for one in client.get("/api/v1/figures").get_json()["definitions"]]
        assert codes == ["closing_rate"]
        own.write_text(own.read_text("utf-8").replace('unit = "percent"', 'unit = "ells"'), encoding="utf-8")
        answer = client.get("/figures?lang=en", headers={"Accept": "text/html"})
        assert answer.status_code == 503
        assert re.search(r"\d+: figures\[0\]\.unit: &#39;ells&#39; is none of percent", answer.text)
        own.unlink()
        assert client.get("/figures").status_code == 503, "a file that is gone is told, not guessed at"
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 200, "nothing else stops"


# -- who sees what -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "place", "clause"),
    [
        (Role.TOWNSHIP_LEADER, {"unit": TOWNSHIP_A}, "e.township_code = '999901001000'"),
        (Role.OFFICER, {"unit": VILLAGE_A}, "e.village_code = '999901001001' OR 'unit:999901001001' IN (m.owner, m.lead)"),
        (Role.DEPARTMENT, {"department": "urban"}, "'department:urban' IN (m.owner, m.lead) IS TRUE"),
        (Role.AUDITOR, {"unit": DISTRICT}, "true"),
        (Role.ADMINISTRATOR, {"unit": DISTRICT}, "false"),
    ],
)
def test_a_reader_counts_what_he_may_see(lively, role, place, clause):
    with session_scope(installation(lively.app).engine) as session:
        query = f"SELECT e.number FROM events e LEFT JOIN matters m ON m.event_id = e.id WHERE {clause}"
        own = set(session.scalars(text(query)))
    client = lively.login_as(role, **place)
    told = client.get(f"/api/v1/figures?{YEAR}&by=township").get_json()
    row = next(one for one in told["figures"] if (one["code"], one["group"], one["split"]) == ("reports_by_channel", "*", "*"))
    assert row["denominator"] == len(own)
    rows = list_of(client, f"/figures/reports_by_channel/events?{YEAR}&part=denominator&lang=en")
    assert {one["Number"] for one in rows} == own
    body = page(client, f"/figures?{YEAR}&by=township")
    if role is Role.TOWNSHIP_LEADER:
        assert "甲街道" in body
        assert "乙镇" not in body, "a township of which he sees nothing is no row of his"


# -- to take along -----------------------------------------------------------------------------------------------------------


def book_of(client, query: str = YEAR):
    answer = client.get(f"/figures.xlsx?{query}&lang=en")
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.data))


def test_the_workbook_holds_every_figure_and_its_definition(client):
    told = client.get(f"/api/v1/figures?{YEAR}&by=township").get_json()
    found = book_of(client, f"{YEAR}&by=township")
    codes = [one["code"] for one in told["definitions"]]
    assert len(found.sheetnames) == len(codes) + 2
    assert all(sheet["A1"].value == "模拟数据 SIMULATED" for sheet in found)
    assert all("测试员" in [row[1].value for row in sheet.iter_rows(max_row=9)] for sheet in found), "who took it stands on each"
    sheet = found[next(one["title"]["en"] for one in told["definitions"] if one["code"] == "closing_rate")]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(i for i, row in enumerate(rows) if row[0] == "Figure")
    by_group = {row[1]: row[3:7] for row in rows[head + 1 :]}
    for group, name in (("*", "All that you may see"), (TOWNSHIP_A, "甲街道"), (TOWNSHIP_B, "乙镇")):
        one = next(r for r in told["figures"] if (r["code"], r["group"]) == ("closing_rate", group))
        value, unit, numerator, denominator = by_group[name]
        assert (round(value, 2), unit, numerator, denominator) == (one["value"], "%", one["numerator"], one["denominator"])
    defined = [row[-1].value for row in found[found.sheetnames[-1]].iter_rows(max_col=11)]
    assert [code for code in defined if code in codes] == codes


def test_no_cell_is_a_formula_even_where_a_name_looks_like_one(small):
    """S34: names of units come from files that others made."""
    with session_scope(installation(small.app).engine) as session:
        lived(session, installation(small.app).district, 12)
        session.execute(text("UPDATE units SET name = '=HYPERLINK(\"http://x\")' WHERE code = :code"), {"code": TOWNSHIP_A})
        session.execute(text("UPDATE units SET name = '+cmd|x' WHERE code = :code"), {"code": TOWNSHIP_B})
    client = small.client()
    found, seen = book_of(client), 0
    for sheet in found:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type != "f", (sheet.title, cell.coordinate)
            if isinstance(cell.value, str) and ("HYPERLINK" in cell.value or "cmd|x" in cell.value):
                assert cell.value.startswith("'")
                seen += 1
    assert seen > 2
    lines = csv.reader(io.StringIO(client.get(f"/figures.csv?{YEAR}").data.decode("utf-8-sig")))
    cells = [cell for line in lines for cell in line]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t")) and not re.fullmatch(r"-?[\d.]*", cell)]


def unpacked(pdf: bytes) -> bytes:
    """What a PDF holds in its compressed streams, one after another."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(stream))
    return b"\n".join(found)


def test_the_print_says_who_when_what_and_that_it_is_simulated(lively, monkeypatch):
    """What is printed is the page as it is before printing: map, bars, line, legend, definitions, edition."""
    pages: list[str] = []
    from webmap.figures import printed

    whole = printed.page_of
    monkeypatch.setattr(printed, "page_of", lambda *args: pages.append(whole(*args)) or pages[-1])
    client = lively.client()
    for paper, size in (("A4", (595, 842)), ("A3", (1191, 842))):
        answer = client.get(f"/figures.pdf?{YEAR}&by=township&paper={paper}&lang=zh")
        assert answer.data.startswith(b"%PDF-")
        box = re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", unpacked(answer.data))
        assert box is not None
        assert tuple(round(float(number)) for number in box.groups()) == size
    body = pages[0]
    for said in ("模拟数据 SIMULATED", "测试员", "2025-06-18 15:00", "2025", "结案率", "甲街道", "乙镇", "<path", "<rect"):
        assert said in body, said
    assert 'href="' not in body, "paper opens nothing"
    svgs = re.findall(r"<svg.*?</svg>", body, re.DOTALL)
    assert len(svgs) >= 4
    for one in svgs:
        ET.fromstring(one if "xmlns" in one else one.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))
    for canary in (MOBILE, NAME, "13798765432"):
        assert canary not in body


def test_a_print_fetches_nothing(lively):
    from webmap.figures.printed import refuse

    for url in ("http://127.0.0.1/", "file:///etc/passwd", "https://example.org/x.png"):
        with pytest.raises(ValueError, match="fetches nothing"):
            refuse(url)


def test_no_canary_leaves_by_any_door_of_figures(lively):
    """Numbers of telephones are masked in lists; names of people and words stand in no sheet at all."""
    readers = [
        lively.client(),
        lively.login_as(Role.AUDITOR, unit=DISTRICT),
        lively.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A),
    ]
    for client in readers:
        said = ""
        for sheet in book_of(client):
            said += "".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
        assert "电话" not in said
        for path in (f"/figures?{YEAR}", f"/figures.csv?{YEAR}", f"/api/v1/figures?{YEAR}"):
            said += client.get(path).data.decode()
        lists = "".join(
            client.get(f"{path}?{YEAR}&part=denominator").data.decode()
            for code in ("closing_rate", "in_time", "mediation_success", "fees_refunded")
            for path in (f"/figures/{code}/events", f"/figures/{code}/events.csv", f"/api/v1/figures/{code}/events")
        )
        assert "139****5678" in lists, "the rows are there, masked"
        for canary in (MOBILE, NAME, "13798765432"):
            assert canary not in said + lists


def test_cells_of_a_list_are_no_formulas(client):
    rows = list_of(client, f"/figures/closing_rate/events?{YEAR}&part=denominator&lang=en")
    assert rows
    assert all(row["Where it is"].startswith("'=1+1") for row in rows)


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/figures.csv", "export.figures"),
        ("/figures/closing_rate/events.csv", "export.figure_events"),
    ],
)
def test_what_is_taken_along_is_in_the_audit(shared, path, action):
    counted = text("SELECT count(*) FROM audit WHERE action = :action")
    with session_scope(installation(shared.app).engine) as session:
        before = session.scalar(counted, {"action": action})
    assert shared.client().get(path).status_code == 200
    with session_scope(installation(shared.app).engine) as session:
        assert session.scalar(counted, {"action": action}) == before + 1
