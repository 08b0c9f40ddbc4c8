"""What the audit keeps as codes, in words: actions, kinds of objects, details. A code without words is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geogrid.domain.masking import mask_text
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
    "tier.name": "Person named for a side",
    "list.load": "Matters for lists taken from a file",
    "team.add": "Team made",
    "team.member.add": "Somebody joined a team",
    "team.member.remove": "Somebody left a team",
    "team.close": "Team closed",
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
    "webhook.add": "Webhook added",
    "webhook.change": "Webhook changed",
    "webhook.remove": "Webhook removed",
    "order.receive": "Order of another system received",
    "order.resend": "Answer sent again",
    "export.agreement": "Agreement taken along",
    "export.assessment": "Assessment taken along",
    "export.event": "Event taken along",
    "export.figures": "Figures taken along",
    "export.figure_events": "Rows behind a figure taken along",
    "export.ledger": "Ledger of grids taken along",
    "party.reveal": "Parties of a dispute revealed",
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


def details_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return details as pairs of name and masked text; what is long is cut."""
    return [(mask_text(str(name)), _value(value)) for name, value in details.items()]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        told = "; ".join(f"{name}: {_value(part)}" for name, part in value.items())
    elif isinstance(value, list | tuple):
        told = ", ".join(_value(part) for part in value)
    else:
        told = str(value)
    shown = mask_text(told)
    return shown if len(shown) <= LONGEST_DETAIL else f"{shown[:LONGEST_DETAIL]} …"
