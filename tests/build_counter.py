"""A dispute at the counter of village A's point, as a browser handles it: given to the station, its sides agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from geogrid.actions.accept import accept_report
from geogrid.actions.steps import TakeStep, take_step
from geogrid.domain.events import EventKind
from geogrid.domain.people import Role
from geogrid.store import disputes_people
from geogrid.store.session import session_scope
from tests.build_disputes import STATION_A
from tests.build_district import IN_A1, NOW, report
from tests.build_life import DISPATCHER
from webmap.installation import installation

WORDS = "楼上漏水，住户王秀英 13812345678 对赔偿有分歧"
PARTIES = (("applicant", "王秀英", "13812345678"), ("respondent", "李建国", "13987654321"))


def made(small, words=WORDS):
    client = small.login_as(Role.MEDIATOR, station=STATION_A)
    here = installation(small.app)
    sent = replace(report(IN_A1, words=words), kind=EventKind.DISPUTE)
    with session_scope(here.engine) as session:
        disputes_people.put_mediator(session, client.person_id, station=STATION_A, kinds=["neighbourhood"], synthetic=True)
        event = accept_report(session, sent, now=NOW - timedelta(hours=1), district=here.district, actor="test").event
        for step, details in (("open", {"category": "D01"}), ("dispatch", {"party": f"station:{STATION_A}"})):
            take_step(session, TakeStep(event.id, step, DISPATCHER, details), now=NOW, district=here.district)
    return client, f"/api/v1/disputes/{event.id}", event.id


def agreed(client, api):
    for number, (side, name, phone) in enumerate(PARTIES):
        parties = client.post(
            f"{api}/parties", json={"side": side, "name": name, "phone": phone, "address": "甲街道 1 号"}
        ).get_json()["parties"]
        party = parties[number]["id"]
        answer = client.post(f"{api}/parties/{party}/consents", json={"consent": "given", "paper": f"同意书{number}"})
        assert answer.status_code == 201
    return [one["id"] for one in parties]
