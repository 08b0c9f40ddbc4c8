"""``/admin/audit``: what was done, by whom, when, from where; and whether the chain of seals over it holds.

Whoever looks, verifies or takes the head along is in the audit as well. What people said is masked, and so are names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, stream_with_context, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions.audit import Verified, heads_path, read_heads, verify_by_portions
from geogrid.domain.masking import mask_text
from geogrid.domain.people import Role
from geogrid.errors import NotFoundError, RequestInvalid
from geogrid.store import audit, people
from geogrid.store.session import session_scope
from layers.audit_trail import VERIFIED, TrailFilter, last_seal, last_verification, read_trail
from webmap.account_pages import page_of, shown_time
from webmap.actor_words import actor_words
from webmap.audit_words import ACTIONS, KINDS, action_words, details_words, object_words, people_in
from webmap.installation import installation
from webmap.language import say
from webmap.login import current_actor
from webmap.roles import roles

blueprint = Blueprint("audit", __name__)

READS_AUDIT = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
PER_PAGE = 50
LONGEST = 120
LONGEST_RUN_S = 120.0  # a verification on a page; longer chains are followed by the command
ASKED = ("actor", "action", "object", "day", "result")


@blueprint.get("/admin/audit")
@roles(READS_AUDIT)
def page() -> BaseResponse:
    """Send records, the latest first; ``?actor=&action=&object=&day=&result=`` filter, ``?before=`` goes on."""
    asked = {name: request.args.get(name, "").strip()[:LONGEST] for name in ASKED}
    before = _number(request.args.get("before", ""))
    with session_scope(installation().engine) as session:
        rows = read_trail(session, _filter(session, asked), before=before, limit=PER_PAGE + 1)
        shown = _rows(session, rows[:PER_PAGE], asked)
        state = _state(session)
        _write(session, "audit.read", _without_names(session, asked))
    older = _address(asked, before=str(rows[PER_PAGE - 1]["id"])) if len(rows) > PER_PAGE else ""
    told = {"asked": asked, "rows": shown, "older": older, "newest": _address(asked) if before else "", "state": state}
    known = [(code, say(words)) for code, words in ACTIONS.items()]
    return page_of("audit.html", **told, actions=known, kinds=[(code, say(words)) for code, words in KINDS.items()])


def _without_names(session: Session, asked: dict[str, str]) -> dict[str, str]:
    """Return what was asked for as the audit keeps it: ids in place of a name that was typed, nothing where nobody has it."""
    kept = {name: mask_text(value) for name, value in asked.items() if value}
    if asked["actor"] and ":" not in asked["actor"]:
        kept["actor"] = ", ".join(_actors(session, asked["actor"])[1:]) or "?"
    return kept


def _address(asked: dict[str, str], **more: str) -> str:
    return url_for("audit.page", **{name: value for name, value in {**asked, **more}.items() if value})


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def _write(session: Session, action: str, details: dict[str, Any], result: str = audit.OK) -> None:
    told = {"details": details, "address": request.remote_addr or "", "result": result, "object_kind": "audit"}
    audit.write(session, actor=current_actor().id, action=action, now=installation().now(), **told)


# -- what is asked ----------------------------------------------------------------------------------------------------


def _filter(session: Session, asked: dict[str, str]) -> TrailFilter:
    kind, colon, code = asked["object"].partition(":")
    if not colon:
        kind, code = (kind, "") if kind in KINDS else ("", kind)
    since, until = _day(asked["day"])
    actors = _actors(session, asked["actor"]) if asked["actor"] else None
    result = asked["result"] if asked["result"] in {audit.OK, audit.REFUSED} else ""
    return TrailFilter(actors, asked["action"], kind, code, result, since, until)


def _actors(session: Session, typed: str) -> list[str]:
    """Return the ids that a typed actor means: the id itself, and whoever has this login or this whole name."""
    found = people.search(session, typed, now=installation().now())
    return [typed, *(f"person:{one.id}" for one in found if typed in {one.login, one.name})]


def _day(typed: str) -> tuple[datetime | None, datetime | None]:
    if not typed:
        return None, None
    try:
        day = date.fromisoformat(typed)
        begins = datetime.combine(day, time_of_day(), ZoneInfo(installation().district.profile.timezone))
        return begins, begins + timedelta(days=1)
    except (ValueError, OverflowError):
        raise RequestInvalid(name="day", reason="a day is written 2025-06-18", where={"path": "day"}) from None


# -- what is shown ----------------------------------------------------------------------------------------------------


def _rows(session: Session, rows: list[dict[str, Any]], asked: dict[str, str]) -> list[dict[str, Any]]:
    of_people = {f"person:{row['object_id']}" for row in rows if row["object_kind"] == "person" and row["object_id"]}
    named = {person for row in rows for person in people_in(row["details"])}
    names = actor_words(session, {row["actor"] for row in rows} | of_people | named, now=installation().now())
    return [_row(row, names, asked) for row in rows]


def _row(row: dict[str, Any], names: dict[str, str], asked: dict[str, str]) -> dict[str, Any]:
    thing = f"{row['object_kind']}:{row['object_id']}" if row["object_id"] else row["object_kind"]
    return {
        "id": row["id"],
        "seq": row["seq"],
        "at": _to_the_second(row["at"]),
        "who": names[row["actor"]],
        "actor_says": mask_text(row["actor"]),
        "by_actor": _address(asked, actor=row["actor"]),
        "action": action_words(row["action"]),
        "code": row["action"],
        "by_action": _address(asked, action=row["action"]),
        "object": object_words(row["object_kind"], row["object_id"], names),
        # A link would tell what is masked beside it.
        "by_object": _address(asked, object=thing) if thing and mask_text(thing) == thing else "",
        "refused": row["result"] == audit.REFUSED,
        "details": details_words(row["details"], names, row["action"]),
        "address": row["address"],
    }


def _to_the_second(at: datetime) -> str:
    zone = ZoneInfo(installation().district.profile.timezone)
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _state(session: Session) -> dict[str, Any]:
    """Return how far the chain is sealed, what waits, and what the last verification on a page found."""
    sealed, last = last_seal(session), last_verification(session)
    unsealed, since = audit.count_unsealed(session)
    return {
        "sealed": sealed.seq if sealed else 0,
        "hash": sealed.hash if sealed else "",
        "sealed_at": shown_time(sealed.sealed_at) if sealed else "",
        "unsealed": unsealed,
        "unsealed_since": shown_time(since) if since else "",
        "last": last and {"at": shown_time(last["at"]), **_found_words(last["details"])},
    }


def _found_words(details: dict[str, Any]) -> dict[str, Any]:
    """Return what a verification found, in words, and whether the chain holds (None: it was not followed to its end)."""
    records = f"{details.get('records', 0):,}"
    if details.get("reason"):
        told = {"seq": details.get("seq"), "record": details.get("record") or "-", "reason": say(details["reason"])}
        return {"holds": False, "says": say("The audit is broken at seal {seq} (record {record}): {reason}.", **told)}
    if not details.get("whole"):
        says = say("Stopped after {records} records, all of which hold. Run: geogrid audit verify", records=records)
        return {"holds": None, "says": says}
    told = {"records": records, "unsealed": details.get("unsealed", 0)}
    return {"holds": True, "says": say("The audit holds: {records} records sealed, {unsealed} waiting for their seal.", **told)}


# -- the chain --------------------------------------------------------------------------------------------------------


@blueprint.post("/admin/audit/verify")
@roles(READS_AUDIT)
def verify() -> BaseResponse:
    """Follow the chain; send a line of JSON after each portion, the last one with what was found. It is written to the audit."""
    return Response(stream_with_context(_followed()), mimetype="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


def _followed() -> Iterator[str]:
    here, ends = installation(), time.monotonic() + LONGEST_RUN_S
    path = heads_path(here.settings.var_dir)
    heads = read_heads(path) if path.exists() else []
    with session_scope(here.engine) as session:
        sealed = last_seal(session)
        found: dict[str, Any] = {"records": 0, "whole": False}
        for told in verify_by_portions(session, heads):
            if isinstance(told, Verified):
                found = _kept(told)
                break
            found["records"] = told
            yield _line({"records": told, "of": sealed.seq if sealed else 0})
            if time.monotonic() > ends:
                break
        _write(session, VERIFIED, found, audit.REFUSED if found.get("reason") else audit.OK)
    yield _line({**found, **_found_words(found)})


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"


def _kept(found: Verified) -> dict[str, Any]:
    """Return what the audit keeps of a verification."""
    kept: dict[str, Any] = {"records": found.records, "unsealed": found.unsealed, "whole": True}
    if found.broken is not None:
        kept |= {"seq": found.broken.seq, "record": found.broken.record_id, "reason": found.broken.reason}
    return kept


@blueprint.get("/admin/audit/head.jsonl")
@roles(READS_AUDIT)
def export() -> BaseResponse:
    """Send the head of the chain as ``geogrid audit export`` prints it, to be kept elsewhere; 404 where nothing is sealed."""
    here = installation()
    with session_scope(here.engine) as session:
        head = audit.head(session)
        if head is None:
            raise NotFoundError(what="head", where={"path": request.path})
        _write(session, "audit.export", {"seq": head.seq})
    line = json.dumps({"seq": head.seq, "hash": head.hash.hex(), "at": here.now().isoformat()}) + "\n"
    name = f"audit_head_{head.seq}.jsonl"
    return Response(line, mimetype="application/jsonl", headers={"Content-Disposition": f"attachment; filename={name}"})
