"""The service window: a report taken down and placed, its receipt; numbers drawn, called, moved, that begin anew each day."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta

import pytest

from geogrid.actions import window as hall
from geogrid.domain.people import SYSTEM, Role
from geogrid.domain.windows import TicketState
from geogrid.errors import NobodyWaits, TicketMovedOn
from geogrid.store import window_tickets
from geogrid.store.session import session_scope
from tests.build_district import A1, IN_A1, NOW
from tests.build_installation import DISTRICT
from webmap.installation import installation

HALL = hall.read_windows()
GENERAL, MEDIATION = HALL.of("general"), HALL.of("mediation")
PLACE = {"name": "甲社区1号", "precision": "address", "radius_m": 20.0, "confidence": 0.9, "reason": ["门牌"]}


def clerk(small):
    return small.login_as(Role.WINDOW_CLERK, unit=DISTRICT)


def form_of(client, **values) -> dict[str, str]:
    page = client.get("/window?window=general").get_data(as_text=True)
    found = re.search(r'name="id" value="([^"]+)"', page).group(1)
    return {"id": found, "window": "general", "kind": "facility", "text": "路灯不亮", "address": "甲社区1号", **values}


def shown(answer, name: str) -> str:
    found = re.search(rf'id="{name}">([^<]+)', answer.get_data(as_text=True))
    return found.group(1) if found else ""


def test_a_report_becomes_a_placed_event_and_a_receipt_with_its_code_and_qr(small):
    client = clerk(small)
    place = json.dumps({**PLACE, "lon": IN_A1[0], "lat": IN_A1[1]})
    answer = client.post("/window/reports", data=form_of(client, place=place))
    assert answer.status_code == 201
    number, code = shown(answer, "number"), shown(answer, "code")
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code)
    assert re.fullmatch(rf".+ \({A1}\)", shown(answer, "grid")), "people know the grid by its name"
    page = answer.get_data(as_text=True)
    assert f"/follow?number={number}" in page
    assert code.replace("-", "") not in page.replace(f'id="code">{code}', ""), "the code stands in no address"
    assert "路灯不亮" not in page, "what was said is not on the paper"
    event = client.get("/api/v1/events?limit=1").get_json()["features"][0]["properties"]
    assert (event["number"], event["channel"]) == (number, "window")


def test_the_same_form_again_is_the_same_event_and_shows_no_code(small):
    client = clerk(small)
    form = form_of(client)
    first, again = (client.post("/window/reports", data=form) for _ in range(2))
    assert [first.status_code, again.status_code] == [201, 200]
    assert shown(first, "number") == shown(again, "number")
    assert shown(first, "code")
    assert not shown(again, "code")


def test_a_place_that_no_grid_covers_leaves_the_event_to_be_placed(small):
    client = clerk(small)
    place = json.dumps({**PLACE, "lon": IN_A1[0] + 0.05, "lat": IN_A1[1]})
    answer = client.post("/window/reports", data=form_of(client, place=place))
    assert answer.status_code == 201
    assert shown(answer, "grid") == "待落格"


@pytest.mark.parametrize(
    ("changed", "status"), [({"text": ""}, 422), ({"kind": "fun"}, 422), ({"place": "{"}, 400), ({"window": "no"}, 404)]
)
def test_what_cannot_be_accepted_is_said_and_what_was_typed_is_kept(small, changed, status):
    client = clerk(small)
    answer = client.post("/window/reports", data=form_of(client, text="打过字的内容") | changed)
    assert answer.status_code == status
    if "window" not in changed:
        assert 'id="fault"' in answer.get_data(as_text=True)
        assert "甲社区1号" in answer.get_data(as_text=True)


def test_a_window_with_a_department_has_it_asked_first(small):
    client = clerk(small)
    answer = client.post("/window/reports", data=form_of(client, window="civil", kind="service"))
    number = shown(answer, "number")
    event = client.get("/api/v1/events?limit=1").get_json()["features"][0]["id"]
    matter = client.get(f"/api/v1/events/{event}/matter").get_json()
    assert (matter["number"], matter["first_owner"]) == (number, "department:civil")


def test_numbers_go_by_the_letter_of_the_window_and_begin_anew_each_day(small):
    here = installation(small.app)
    told = {"actor": SYSTEM, "district": here.district}
    labels = []
    for window, day in ((GENERAL, 0), (GENERAL, 0), (MEDIATION, 0), (GENERAL, 1)):
        with session_scope(here.engine) as session:
            labels.append(hall.draw(session, window, HALL, now=NOW + timedelta(days=day), **told).label)
    assert labels == ["A001", "A002", "B001", "A001"]


def test_who_waits_longest_is_called_first_also_where_he_was_sent(small):
    here = installation(small.app)
    told = {"actor": SYSTEM, "district": here.district}
    with session_scope(here.engine) as session:
        first = hall.draw(session, GENERAL, HALL, now=NOW, **told)
        hall.draw(session, MEDIATION, HALL, now=NOW + timedelta(minutes=1), **told)
        moved = hall.move(session, first.id, MEDIATION, HALL, actor=SYSTEM, now=NOW + timedelta(minutes=2))
        called = hall.call_next(session, MEDIATION, HALL, now=NOW + timedelta(minutes=3), **told)
        assert (moved.window, moved.state, called.label) == ("mediation", TicketState.WAITING, "A001")
        with pytest.raises(NobodyWaits):
            hall.call_next(session, GENERAL, HALL, now=NOW, **told)
        hall.end(session, called.id, TicketState.DONE, HALL, actor=SYSTEM, now=NOW + timedelta(minutes=9))
        with pytest.raises(TicketMovedOn):
            hall.end(session, called.id, TicketState.ABSENT, HALL, actor=SYSTEM, now=NOW + timedelta(minutes=9))
        with pytest.raises(TicketMovedOn):
            hall.move(session, called.id, GENERAL, HALL, actor=SYSTEM, now=NOW + timedelta(minutes=9))
        assert window_tickets.served(session, called.day) == 1


def test_many_windows_that_draw_and_call_at_once_share_no_number(small):
    here, failed = installation(small.app), []
    told = {"actor": SYSTEM, "district": here.district, "now": NOW}

    def at_once(work) -> list:
        found, gate = [], threading.Barrier(6)

        def run() -> None:
            gate.wait()
            try:
                with session_scope(here.engine) as session:
                    found.append(work(session).label)
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(found)

    everybody = [f"A00{n}" for n in range(1, 7)]
    assert at_once(lambda session: hall.draw(session, GENERAL, HALL, **told)) == everybody
    assert at_once(lambda session: hall.call_next(session, GENERAL, HALL, **told)) == everybody
    assert failed == []


def test_the_queue_says_how_many_wait_and_how_long_and_the_screen_names_nobody(small):
    client = clerk(small)
    here = installation(small.app)
    with session_scope(here.engine) as session:
        hall.draw(session, GENERAL, HALL, actor=SYSTEM, now=NOW - timedelta(minutes=25), district=here.district)
    assert client.post("/window/tickets", data={"do": "draw", "window": "general"}).status_code == 200
    queue = client.get("/window/queue?window=general").get_json()
    general = next(one for one in queue["windows"] if one["code"] == "general")
    assert (general["count"], general["longest_min"]) == (2, 25)
    called = client.post("/window/tickets", data={"do": "call", "window": "general"}).get_json()["ticket"]
    assert called["label"] == "A001"
    place = json.dumps({**PLACE, "lon": IN_A1[0], "lat": IN_A1[1]})
    number = shown(client.post("/window/reports", data=form_of(client, ticket=str(called["id"]), place=place)), "number")
    screen = small.guest().get("/window/display")
    data = small.guest().get("/window/display.json")
    assert data.get_json() == {
        "called": [{"label": "A001", "window": "综合受理", "calls": 1}],
        "waiting": [{"window": "综合受理", "count": 1}],
        "total": 1,
        "as_of": "截至 2025-06-18 15:00",
    }
    for answer in (screen, data):
        assert number not in answer.get_data(as_text=True)
        assert "路灯" not in answer.get_data(as_text=True)
    slip = client.get(f"/window/tickets/{called['id']}")
    assert "A001" in slip.get_data(as_text=True)
    assert client.get("/window/tickets/99").status_code == 404


def test_a_ticket_of_an_event_is_hidden_from_who_does_not_see_the_event(small):
    client = clerk(small)
    ticket = client.post("/window/tickets", data={"do": "draw", "window": "general"}).get_json()["ticket"]["id"]
    place = json.dumps({**PLACE, "lon": IN_A1[0], "lat": IN_A1[1]})
    client.post("/window/reports", data=form_of(client, ticket=str(ticket), place=place))
    stranger = small.login_as(Role.WINDOW_CLERK, unit="999901002000")
    assert stranger.get(f"/window/tickets/{ticket}").status_code == 404
    assert client.get(f"/window/tickets/{ticket}").status_code == 200


def test_a_place_has_the_windows_of_its_own_folder(tmp_path):
    shipped = (hall.SHIPPED).read_text(encoding="utf-8")
    (tmp_path / "windows.toml").write_text(shipped.replace(HALL.every[0].title.zh, "本地窗口"), encoding="utf-8")
    assert hall.read_windows(tmp_path).every[0].title.zh == "本地窗口"
    (tmp_path / "windows.toml").unlink()
    assert hall.read_windows(tmp_path) == HALL


def test_the_screen_lists_windows_in_their_own_order_each_time(small):
    client = clerk(small)
    for code in ("enterprise", "petitions", "general"):
        assert client.post("/window/tickets", data={"do": "draw", "window": code}).status_code == 200
    names = [one["window"] for one in small.guest().get("/window/display.json").get_json()["waiting"]]
    assert names == ["综合受理", "信访接待", "企业服务"]
