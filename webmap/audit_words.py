"""What the audit keeps as codes, in words: actions, kinds of objects, details. A code without words is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geogrid.domain.masking import mask_text
from webmap.audit_values import in_words
from webmap.language import say

LONGEST_DETAIL = 200
SHORT_ID = 8

ACTIONS = {
    "login": "Log-in",
    "login.second_factor": "Second factor shown",
    "logout": "Log-out",
    "step.take": "Step of a matter",
    "detail.reveal": "Words of a report revealed",
    "list.proposed": "Matter proposed for a list",
    "list.assessed": "Matter of a list assessed",
    "list.admitted": "Matter of a list admitted",
    "list.suspended": "Matter of a list suspended",
    "list.load": "Matters for lists taken from a file",
    "tier.name": "Person named for a side",
    "team.add": "Team made",
    "team.member.add": "Somebody joined a team",
    "team.member.remove": "Somebody left a team",
    "team.close": "Team closed",
    "mediator.name": "Mediator named",
    "person.add": "Account made",
    "person.posts": "Posts changed",
    "person.disable": "Account disabled",
    "person.enable": "Account enabled",
    "person.unlock": "Account unlocked",
    "password.reset": "Password reset",
    "password.change": "Password changed",
    "password.confirm": "Password asked for again",
    "second_factor.set_up": "Second factor set up",
    "second_factor.remove": "Second factor removed",
    "second_factor.reset": "Second factor reset",
    "session.end_others": "Other sessions ended",
    "key.make": "Key made",
    "key.revoke": "Key revoked",
    "wall_token.make": "Key of a wall made",
    "wall_token.revoke": "Key of a wall revoked",
    "wall_token.enter": "Wall let in",
    "webhook.add": "Webhook added",
    "webhook.change": "Webhook changed",
    "webhook.remove": "Webhook removed",
    "order.receive": "Order of another system received",
    "order.resend": "Answer sent again",
    "window.report": "Report taken at a window",
    "window.draw": "Number drawn",
    "window.call": "Number called",
    "window.end": "Number done",
    "window.move": "Number moved to another window",
    "follow.code": "Code to follow a matter by made",
    "follow.look": "Matter followed by its code",
    "desk.order": "Order given",
    "desk.order.read": "Order read",
    "desk.milestone.set": "Milestone set",
    "desk.milestone.done": "Milestone reached",
    "desk.shift.line": "Line of the shift log",
    "desk.shift.handover": "Shift handed over",
    "desk.shift.accept": "Shift taken over",
    "desk.view.save": "View saved",
    "desk.view.change": "View changed",
    "desk.view.delete": "View deleted",
    "enterprise.visit": "Enterprise visited",
    "enterprise.problem": "Problem of an enterprise reported",
    "enterprise.join": "Event joined with an enterprise",
    "dispute.describe": "Dispute described",
    "dispute.party": "Party of a dispute changed",
    "dispute.consent": "Consent to mediation noted",
    "dispute.station": "Station of a dispute chosen",
    "dispute.mediator": "Mediator chosen",
    "dispute.recuse": "Mediator recused",
    "dispute.begin": "Mediation begun",
    "dispute.end": "Mediation ended",
    "dispute.level": "Dispute moved to another level",
    "dispute.refer": "Dispute referred",
    "dispute.referral": "Answer to a referral noted",
    "party.reveal": "Parties of a dispute revealed",
    "session.plan": "Session planned",
    "session.end": "Session ended",
    "session.route": "Round of visits planned",
    "agreement.draft": "Agreement drafted",
    "agreement.sign": "Agreement signed",
    "agreement.pay": "Performance of an agreement noted",
    "confirmation.ask": "Confirmation by the court asked for",
    "confirmation.answer": "Answer of the court noted",
    "case.propose": "Guiding case proposed",
    "case.approved": "Guiding case approved",
    "case.retired": "Guiding case retired",
    "assessment.assess": "Month assessed",
    "assessment.close": "Month closed",
    "assessment.appeal": "Appeal raised",
    "assessment.granted": "Appeal granted",
    "assessment.refused": "Appeal refused",
    "export.agreement": "Agreement taken along",
    "export.assessment": "Assessment taken along",
    "export.event": "Event taken along",
    "export.figures": "Figures taken along",
    "export.figure_events": "Rows behind a figure taken along",
    "export.ledger": "Ledger of grids taken along",
    "audit.read": "Audit read",
    "audit.verify": "Audit verified",
    "audit.export": "Head of the audit exported",
}
KINDS = {
    "event": "Event",
    "person": "Person",
    "list_item": "Entry of a list",
    "party": "Side",
    "team": "Team",
    "webhook": "Webhook",
    "audit": "Audit",
    "assessment": "Assessment",
    "figures": "Figures",
    "ledger": "Ledger of grids",
    "wall_token": "Key of a wall",
    "enterprise": "Enterprise",
    "order": "Order",
    "view": "Saved view",
    "shift_line": "Shift log",
    "ticket": "Number drawn at a window",
    "case": "Guiding case",
}
# The names of details, by what they are called when they are written.
NAMES = {
    "action": "Action",
    "active": "In service",
    "actor": "Actor",
    "admitted": "Entries admitted",
    "again_after": "After",
    "agreement": "Version",
    "amount_yuan": "Amount (yuan)",
    "arrival": "How it came",
    "assessed": "Entries assessed",
    "body": "Body",
    "by": "Parted by",
    "cancelled": "Sessions cancelled",
    "channel": "Channel",
    "consent": "Consent",
    "counted": "Attempts counted under",
    "day": "Day",
    "days": "Days until it ends",
    "direction": "Direction",
    "enabled": "Switched on",
    "ended": "Ended",
    "event": "Event",
    "expires_at": "Good until",
    "figure": "Figure",
    "force": "Force",
    "form": "File format",
    "given": "Posts given",
    "grids": "Grids",
    "host": "Host",
    "key": "Key",
    "kind": "Of what kind",
    "kinds": "Kinds of dispute",
    "label": "Number",
    "level": "Level",
    "line": "Line no.",
    "lines": "Lines",
    "locked": "Locked",
    "login": "Login",
    "mediator": "Mediator",
    "members": "Members",
    "message": "Message no.",
    "milestone": "Milestone no.",
    "name": "Name given",
    "names": "With names",
    "network": "Network",
    "number": "Number",
    "object": "Of what",
    "outcome": "What it came to",
    "part": "Which rows",
    "party": "Party no.",
    "payment": "Payment no.",
    "people": "People",
    "person": "Person",
    "place": "Where held",
    "placed": "Placed",
    "posts": "Posts",
    "program": "Program",
    "proposed": "Entries proposed",
    "purpose": "Purpose",
    "reason": "Reason",
    "record": "Record no.",
    "records": "Records followed",
    "referral": "Referral no.",
    "result": "Result",
    "role": "Role",
    "round": "Which round",
    "rows": "Number of rows",
    "seq": "Step no.",
    "session": "Session no.",
    "side": "Of which side",
    "source": "Source file",
    "start": "Begins",
    "state": "State",
    "station": "Station",
    "step": "Step",
    "suspended": "Entries suspended",
    "tier": "Tier",
    "to": "Given to",
    "unit": "Unit",
    "unsealed": "Waiting for their seal",
    "version": "Version",
    "visit": "Visit no.",
    "visits": "Number of visits",
    "way": "Way",
    "what": "What",
    "whole": "Followed to the end",
    "window": "Window",
}


def action_words(code: str) -> str:
    """Return an action in words."""
    return say(ACTIONS[code]) if code in ACTIONS else code


def object_words(kind: str, code: str, names: Mapping[str, str]) -> str:
    """Return what something was done to: kind and short id; a person by masked name and post."""
    if not kind:
        return ""
    told = say(KINDS[kind]) if kind in KINDS else kind
    if kind == "person" and code:
        return f"{told} {names.get(f'person:{code}', '')}"
    short = code[:SHORT_ID] if len(code) == 36 else code
    return mask_text(f"{told} {short}".strip())


def people_in(details: Mapping[str, Any]) -> set[str]:
    """Return the people that details name, as actors are named ("person:<uuid>")."""
    ids = {str(details[name]) for name in ("person", "mediator") if details.get(name)}
    told = {part.strip() for name in ("actor", "to") for part in str(details.get(name) or "").split(",")}
    return {f"person:{one}" for one in ids} | {one for one in told if one.startswith("person:")}


def details_words(details: Mapping[str, Any], names: Mapping[str, str], action: str = "") -> list[tuple[str, str]]:
    """Return details as pairs of name and masked words; people by masked name, what is long is cut."""
    return [(_name(str(name), action), _value(str(name), value, names)) for name, value in details.items()]


def _name(name: str, action: str) -> str:
    if name == "seq" and action.startswith("audit."):
        return say("Seal no.")
    return say(NAMES[name]) if name in NAMES else mask_text(name)


def _one(name: str, value: Any, names: Mapping[str, str]) -> str:
    if name == "action":
        return action_words(str(value))
    people = [names.get(f"person:{one}") or names.get(one) for one in str(value).split(", ")]
    return say(", ").join(filter(None, people)) or in_words(name, value)


def _value(name: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        told = "; ".join(f"{_name(str(inner), '')}: {_value(str(inner), part, names)}" for inner, part in value.items())
    elif isinstance(value, list | tuple):
        told = say(", ").join(_value(name, part, names) for part in value)
    else:
        told = _one(name, value, names)
    shown = mask_text(told)
    return shown if len(shown) <= LONGEST_DETAIL else f"{shown[:LONGEST_DETAIL]} …"
