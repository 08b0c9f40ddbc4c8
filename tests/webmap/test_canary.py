"""No leak: numbers and names that were said about people appear nowhere but where a rule lets them (S35).

Canaries are put wherever words can be said: reports, addresses, notes and reasons of steps, proposals, accounts, rows that an
import refused; the codes that matters are followed by are canaries too. Every GET route is then asked by every reader; so are
notices, files of the outbox, lists of commands and logs.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata

import pytest
from click.testing import CliRunner
from sqlalchemy import text, update

from etl.sending import send_all
from geogrid.cli import root
from geogrid.domain.people import STAFF, Role
from geogrid.space.tiles import cell_of
from geogrid.store.session import session_scope
from geogrid.store.tables.people import people
from tests.build_district import IN_A1, TOWNSHIP_A, VILLAGE_A
from tests.build_installation import DISTRICT, Small, payload
from tests.layers.mvt_reader import read_tile
from tests.webmap.test_matrix import OF_AN_EVENT, ROUTES
from webmap.installation import installation

MOBILE, IDENTITY, LANDLINE, MAIL = "13912345678", "110105199003074518", "01062345678", "zhaoliu@example.org"
FORMS = (
    "13912345678", "139 1234 5678", "139-1234-5678", "+86 139-1234-5678", "+8613912345678", "139.1234.5678",
    "\uff11\uff13\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "139\u20131234\u20135678", "139\u30001234\u30005678",
)  # fmt: skip
SAID = f"电话{'，'.join(FORMS)}；身份证{IDENTITY}，{IDENTITY[:6]} {IDENTITY[6:14]} {IDENTITY[14:]}；座机010-62345678；{MAIL}"
# Of an account: its name in full, its number, its address.
NAME, OWN_MOBILE, OWN_MAIL = "慕容金丝雀", "13798765432", "canary.post@example.org"
OWN_CODE = "K7Q2M4XH9T"  # made by the sender of a report; another is made by the platform
WORDS = (MOBILE, IDENTITY, LANDLINE, MAIL)
ACCOUNT = (NAME, OWN_MOBILE, OWN_MAIL)
IMPORT = "20250618T150000-cafe"
EVENT = "/api/v1/events/{event}"
EVENT_ID = "events/{event}"
# Who sends people out reads their names where they are sent out from, and nothing else of their accounts.
LEADERS = {Role.DISPATCHER, Role.COMMANDER, Role.TOWNSHIP_LEADER}
NAMED_TO_LEADERS = {
    "/desk", "/api/v1/desk/queue", f"/api/v1/desk/{EVENT_ID}", f"/api/v1/desk/{EVENT_ID}/candidates",
    "/api/v1/desk/orders/people?unit=999901000000",
}  # fmt: skip
MORE = (
    "/search?q=139", "/search?q=慕容", "/recast.csv?what=flow&reading=recast", "/recast?reading=as-of", "/unplaced?lang=en",
    "/api/v1/counts?by=grid&split=channel,kind,state", "/api/v1/events?limit=1000", "/api/v1/hotspots?most=100",
    "/tiles/events/17/{x}/{y}.mvt", "/tiles/all/17/{x}/{y}.mvt", f"/imports/{IMPORT}", f"/imports/{IMPORT}?lang=en",
    f"/imports/{IMPORT}/refused.gpkg", f"/imports/{IMPORT}/refused.geojson", f"/imports/{IMPORT}/report.json",
)  # fmt: skip


def found_in(said: str, canaries: tuple[str, ...]) -> list[str]:
    """The canaries in a text, however they are written there: escaped, in full width, parted."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), said)
    plain = unicodedata.normalize("NFKC", plain)
    joined = re.sub(r"[\s\-.\u2010-\u2015\u00b7]", "", plain)
    return [canary for canary in canaries if canary in plain or canary.replace(".", "") in joined]


def test_the_search_for_canaries_finds_each_form_of_them():
    for form in FORMS:
        assert found_in(f"电话 {form}。", (MOBILE,)) == [MOBILE], form
        assert found_in(json.dumps({"a": form}), (MOBILE,)) == [MOBILE], form
    assert found_in(SAID, WORDS + ACCOUNT) == list(WORDS)


def step(client, event: str, code: str, **details) -> None:
    answer = client.post(f"/api/v1/events/{event}/steps", json={"step": code, "details": details})
    assert answer.status_code == 201, answer.get_json()


@pytest.fixture
def event(small: Small) -> str:
    """An event whose words, address, notes, reasons and proposals hold canaries, led by somebody whose account does."""
    place_refused_rows(small)
    found = str(small.accept(IN_A1, words=SAID).id)
    unplaced = str(small.accept(None, words=SAID).id)
    with session_scope(installation(small.app).engine) as session:
        session.execute(text("UPDATE events SET address = :said"), {"said": SAID})
    dispatcher = small.login_as(Role.DISPATCHER, unit=DISTRICT)
    handler = small.login_as(Role.DEPARTMENT, department="urban")
    leaders = [small.login_as(Role.GRID_LEADER, unit=VILLAGE_A), small.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A)]
    with session_scope(installation(small.app).engine) as session:
        ids = [one.person_id for one in (dispatcher, handler, *leaders)]
        session.execute(
            update(people).where(people.c.id.in_(ids)).values(name=NAME, phone=OWN_MOBILE, email=OWN_MAIL, synthetic=True)
        )
    step(dispatcher, found, "open", note=SAID)
    step(dispatcher, found, "dispatch", party="department:urban", note=SAID)
    step(handler, found, "pause", pause="third_party_report", reason=SAID)
    dispatcher.post(f"/api/v1/events/{unplaced}/steps", json={"step": "decline", "details": {"reason": SAID}})
    return found


@pytest.fixture
def codes(small: Small) -> tuple[str, ...]:
    """The codes of three matters: made by the sender, by the platform for him, by a clerk; one of them was followed."""
    guest, key = small.guest(), small.write()
    own, given, third = (
        guest.post("/api/v1/events", json=payload(**more), headers=key).get_json()
        for more in ({"follow_code": OWN_CODE}, {"follow": True}, {})
    )
    clerk = small.login_as(Role.WINDOW_CLERK, unit=DISTRICT)
    printed = clerk.post(f"/events/{third['id']}/follow-code").get_json()["code"]
    page = guest.get("/follow").text
    mark = re.search(r'name="csrf" value="([^"]+)"', page)[1]
    shown = guest.post("/follow", data={"csrf": mark, "number": own["number"], "code": OWN_CODE, "do": "urge", "key": "k"})
    assert shown.status_code == 200
    guest.post("/api/v1/events", json=payload(follow_code=OWN_CODE, kind="none"), headers=key)
    guest.post("/api/v1/events", json=payload(follow_code=f"{OWN_CODE}U"), headers=key)
    return tuple(one.replace("-", "") for one in (OWN_CODE, given["follow_code"], printed))


def place_refused_rows(small: Small) -> None:
    """The report of an import of events whose refused rows hold canaries."""
    folder = small.settings.var_dir / "imports" / IMPORT
    folder.mkdir(parents=True)
    refused = {"row": 7, "code": "report.field_type", "lonlat": [126.605, 45.905], "zh": f"“{SAID}”不是", "en": f"{SAID} is none"}
    part = {
        "kind": "events", "file": "e.csv", "format": "csv", "layer": None, "notes": [], "mended": [], "coverage": [],
        "rows": {"read": 9, "accepted": 8, "mended": 0, "refused": 1, "known": 0, "later": 0}, "refused": [refused],
        "refused_by_code": {"report.field_type": 1}, "difference": None, "again": "geogrid load events refused.gpkg",
    }  # fmt: skip
    told = {"schema": 1, "id": IMPORT, "made_at": "2025-06-18T15:00:00+08:00", "profile": "999901", "edition": "2025",
            "state": "loaded", "activated": False, "error": None, "parts": [part]}  # fmt: skip
    for name in ("report.json", "refused.geojson", "refused.gpkg"):
        (folder / name).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def paths(event: str) -> list[str]:
    asked = [one.path for (method, _), one in (ROUTES | OF_AN_EVENT).items() if method == "GET"]
    x, y = (str(int(value)) for value in cell_of(*IN_A1, 15))
    return [path.replace("{event}", event).replace("{x}", x).replace("{y}", y) for path in (*asked, *MORE)]


def body_of(client, path: str, **headers: str) -> str:
    answer = client.get(path, headers={"Accept-Language": "zh", **headers})
    told = str(dict(answer.headers))
    if answer.mimetype == "application/vnd.mapbox-vector-tile" and answer.status_code == 200:
        return told + str(read_tile(answer.data))
    return told + answer.data.decode("utf-8", "replace")


def leaks(client, event: str, canaries: tuple[str, ...], **headers: str) -> dict[str, list[str]]:
    found = {}
    for path in paths(event):
        for accept in ("application/json", "text/html"):
            if path.startswith("/api/") and accept == "text/html":
                continue
            seen = found_in(body_of(client, path, Accept=accept, **headers), canaries)
            if seen:
                found[path] = seen
    return found


def test_no_table_log_notice_or_export_holds_a_code_to_follow_by(small, caplog, request, monkeypatch):
    """Who has a copy of the database, of the logs or of what was sent opens no matter with it."""
    for room in ("geogrid", "webmap", "etl", "layers", "sqlalchemy.engine"):
        caplog.set_level(logging.DEBUG, logger=room)
    codes = request.getfixturevalue("codes")  # made while all is logged
    here = installation(small.app)
    send_all(small.settings, here.engine)
    with session_scope(here.engine) as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        held = {table: session.scalars(text(f'SELECT row_to_json(t)::text FROM "{table}" t')).all() for table in tables}
    assert len(held["follow_codes"]) == 3
    assert {table: found_in("\n".join(rows).upper(), codes) for table, rows in held.items() if rows} == {
        table: [] for table, rows in held.items() if rows
    }
    monkeypatch.setenv("GEOGRID_VAR", str(small.settings.var_dir))
    monkeypatch.setenv("GEOGRID_DATABASE_URL", small.url)
    exported = CliRunner().invoke(root, ["audit", "export"])
    assert exported.exit_code == 0
    sent = "".join(path.read_text("utf-8") for path in (small.settings.var_dir / "outbox").glob("*.jsonl"))
    assert found_in((caplog.text + exported.output + sent).upper(), codes) == []


def test_no_reader_finds_a_code_to_follow_by(small, event, codes):
    found = {}
    for role in (Role.COMMANDER, Role.AUDITOR, Role.ADMINISTRATOR, Role.WINDOW_CLERK, Role.OFFICER):
        found[role.value] = leaks(small.login_as(role, unit=DISTRICT), event, codes)
    found["key"] = leaks(small.guest(), event, codes, Authorization=f"Bearer {small.token}")
    assert {reader: where for reader, where in found.items() if where} == {}


def test_no_reader_finds_a_canary_on_any_route(small, event, caplog):
    for room in ("geogrid", "webmap", "etl", "layers"):
        caplog.set_level(logging.DEBUG, logger=room)
    found = {}
    for role in sorted(STAFF):
        client = small.login_as(role, unit=DISTRICT, department="urban" if role is Role.DEPARTMENT else "")
        found[role.value] = leaks(client, event, WORDS + (() if role is Role.ADMINISTRATOR else ACCOUNT))
        if role in LEADERS:
            told = {path.replace("{event}", event) for path in NAMED_TO_LEADERS}
            found[role.value] = {path: what for path, what in found[role.value].items() if path not in told or what != [NAME]}
    found["key"] = leaks(small.guest(), event, WORDS + ACCOUNT, Authorization=f"Bearer {small.token}")
    found["guest"] = leaks(small.guest(), event, WORDS + ACCOUNT)
    assert {reader: where for reader, where in found.items() if where} == {}
    assert found_in(caplog.text, WORDS + ACCOUNT) == []


def test_the_reader_is_shown_the_event_at_all(small, event):
    """A test of leaks that looks at empty pages proves nothing."""
    client = small.client()
    assert "139****5678" in client.get(EVENT.replace("{event}", event)).get_json()["text"]
    notes = [one["note"] + str(one["details"]) for one in client.get(f"/api/v1/events/{event}/steps").get_json()["steps"]]
    assert sum("139****5678" in note for note in notes) == 3
    assert client.get(f"/api/v1/events/{event}/matter").get_json()["waiting"]
    tile = next(path for path in paths(event) if path.startswith("/tiles/events/17/"))
    assert any(read_tile(client.get(tile).data).values())
    assert "139****5678" in client.get(f"/imports/{IMPORT}").text


def test_an_administrator_sees_accounts_on_their_page_alone(small, event):
    found = leaks(small.login_as(Role.ADMINISTRATOR, unit=DISTRICT), event, ACCOUNT)
    assert found.pop("/api/v1/people") == [NAME]
    assert set(found) <= {"/admin/people"}


def test_words_are_shown_for_a_purpose_alone(small, event):
    client = small.client()
    shown = client.post(f"/api/v1/events/{event}/reveal", json={"purpose": "call back"})
    assert found_in(shown.get_data(as_text=True), WORDS) == list(WORDS)
    assert shown.headers["Cache-Control"] == "no-store"


def test_notices_and_the_outbox_say_nothing_of_people(small, event, caplog):
    here = installation(small.app)
    caplog.set_level(logging.DEBUG, logger="etl")
    send_all(small.settings, here.engine)
    lines = [
        line for path in (small.settings.var_dir / "outbox").glob("*.jsonl") for line in path.read_text("utf-8").splitlines()
    ]
    assert lines, "something was told"
    for line in lines:
        told = json.loads(line)
        about_himself = {told.pop("name"), told.pop("address")}
        assert about_himself <= {NAME, OWN_MOBILE, OWN_MAIL, "", "测试员"}
        assert found_in(json.dumps(told), WORDS + ACCOUNT) == []
    with session_scope(here.engine) as session:
        kept = session.scalars(text("SELECT row_to_json(notices)::text FROM notices")).all()
        audit = session.scalars(text("SELECT row_to_json(audit)::text FROM audit")).all()
    assert found_in("\n".join([*kept, *audit]), WORDS + ACCOUNT) == []
    assert found_in(caplog.text, WORDS + ACCOUNT) == []


def test_lists_of_commands_say_nothing_of_people(small, event, tmp_path, monkeypatch):
    monkeypatch.setenv("GEOGRID_VAR", str(small.settings.var_dir))
    monkeypatch.setenv("GEOGRID_DATABASE_URL", small.url)
    for command in (
        "notices list",
        "webhooks list",
        "audit export",
        "recast --by village",
        f"recast --out {tmp_path / 'out.csv'}",
    ):
        told = CliRunner().invoke(root, command.split())
        assert told.exit_code == 0, (command, told.output)
        assert found_in(told.output, WORDS + ACCOUNT) == [], command
    assert found_in((tmp_path / "out.csv").read_text("utf-8"), WORDS + ACCOUNT) == []


@pytest.mark.parametrize("statement", ["INSERT INTO one VALUES (:said)", "SELECT CAST(:said AS integer)"])
def test_an_error_of_the_database_is_logged_without_the_row(small, caplog, monkeypatch, statement):
    def fail(session, *_, **__):
        session.execute(text("CREATE TEMP TABLE one (said text CHECK (said = ''))"))
        session.execute(text(statement), {"said": SAID})

    monkeypatch.setattr("webmap.api.events.report_to_follow", fail)
    answer = small.guest().post("/api/v1/events", json=payload(text=SAID), headers=small.write())
    assert answer.status_code == 500
    assert "unexpected" in caplog.text
    assert "in fail" in caplog.text
    assert found_in(answer.get_data(as_text=True) + caplog.text, WORDS) == []
