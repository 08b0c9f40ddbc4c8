"""The history of an event in words: who did what, to whom, why, by how much; what was asked for, approved and refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from geogrid.domain.conditions import Complexity
from geogrid.domain.events import Step, StepKind
from geogrid.domain.grids import Department
from geogrid.domain.masking import mask_text
from geogrid.domain.matters import Matter
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme
from geogrid.rules.durations import duration
from geogrid.rules.reading import OddValue
from layers.desk_names import Names
from webmap.api.bodies import instant
from webmap.api.desk_bodies import party_body
from webmap.api.matter_bodies import shown_details
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.staff_names import staff_name

# What a step may ask for, and of what sort it is; what is not named here is text.
SORTS = {
    "party": "party", "pause": "choice", "amount": "duration", "until": "time", "rating": "number", "amount_yuan": "number",
    "photo": "photo", "unit": "unit", "category": "choice", "handling": "choice", "complexity": "choice", "parent": "event",
    "next_date": "date",
}  # fmt: skip
TITLES = {
    "note": "Note", "reason": "Reason", "party": "To whom", "pause": "Why the clock stands still", "amount": "By how much",
    "until": "Until", "rating": "Rating", "amount_yuan": "Amount in yuan", "photo": "Photo", "unit": "Unit",
    "category": "Class", "handling": "Handling type", "complexity": "Complexity", "parent": "Merge into",
    "consent": "Consent of one side", "consent_other_side": "Consent of the other side", "agreement": "Agreement", "why": "Why",
    "next": "What comes next", "next_date": "By when",
}  # fmt: skip
# Steps that decide about another one, by what they are called with its title.
DECIDES = {StepKind.ASK: "Asked for: {step}", StepKind.APPROVE: "Approved: {step}", StepKind.REFUSE: "Refused: {step}"}
NO_NUMBERS: Mapping[str, str] = MappingProxyType({})
UNTOLD = frozenset({"note", "photo"})  # the note stands by itself, a photo is shown
# Who acted without being anybody's account. What a file brought names nobody: it was not the reporter who opened it.
NAMELESS = {
    "system": "The platform",
    "geogrid": "The platform",
    "citizen": "Reporter",
    "guest": "Reporter",
    "import": "From a file",
}


def history_body(
    steps: Sequence[Step], programme: Programme | None, names: Names, numbers: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the steps of an event, the first one first, each said in words; ``numbers`` are those of other events by id."""
    asked = {step.seq: step for step in steps if step.kind is StepKind.ASK}
    return [
        {
            "seq": step.seq,
            "step": step.step,
            "title": _title(step, programme),
            "kind": step.kind.value,
            "at": instant(step.at),
            "actor": actor_words(step.actor, _as_whom(step, asked), names),
            "from_file": step.actor == "import",
            "note": mask_text(step.note),
            "told": _told(step, programme, names, numbers),
            "details": shown_details(step.details),
        }
        for step in steps
    ]


def _as_whom(step: Step, asked: Mapping[int, Step]) -> Mapping[str, Any]:
    """Return the details that name the post of who took a step; who decides does so as what the asking step names."""
    decided = asked.get(step.details.get("proposal", 0)) if step.kind in {StepKind.APPROVE, StepKind.REFUSE} else None
    return step.details if decided is None else {"post": {"role": decided.details.get("approver")}}


def step_title(code: str, programme: Programme | None) -> str:
    """Return what the programme calls a step, "" for one of every programme."""
    rule = programme.by_code["steps"].get(code) if programme else None
    return rule.title.text(current_language()) if rule else ""


def _title(step: Step, programme: Programme | None) -> str:
    title = step_title(step.step, programme)
    if step.kind in DECIDES and title:
        return say(DECIDES[step.kind], step=title)
    return title or label(step.kind)


def actor_words(actor: str, details: Mapping[str, Any], names: Names) -> str:
    """Return who acted: a colleague by role, place and name; never a citizen's name."""
    kind, _, code = actor.partition(":")
    if kind == "system" or not code:
        return say(NAMELESS.get(kind, "Nobody named"))
    if kind == "key":
        return say("Program {name}", name=code)
    post = details.get("post") or {}
    role = label(Role(post["role"])) if post.get("role") in Role.codes() else ""
    if role and post["role"] == Role.CITIZEN.value:
        return role
    place = label(Department(post["department"])) if post.get("department") in Department.codes() else ""
    place = place or names.of(post.get("station") or post.get("unit") or "")
    return " ".join(part for part in (role, place, staff_name(names.people.get(code, ""))) if part) or say("Nobody named")


def mentioned(steps: Sequence[Step], matter: Matter | None) -> tuple[set[str], set[str]]:
    """Return the parties ("kind:code") and the codes of units and stations that an event's history names."""
    parties, codes = {step.actor for step in steps if step.actor.startswith("person:")}, set[str]()
    for step in steps:
        post = step.details.get("post") or {}
        codes |= {post[name] for name in ("unit", "station") if post.get(name)}
        codes |= {str(step.details["unit"])} if step.details.get("unit") else set()
        party = step.details.get("party")
        parties |= {party} if isinstance(party, str) and ":" in party else set()
    if matter is not None:
        parties |= {str(party) for party in (matter.first_owner, *matter.parties())}
    return parties, codes


# -- what a step says besides -----------------------------------------------------------------------------------------


def _told(step: Step, programme: Programme | None, names: Names, numbers: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what a step says besides its note; nothing of a report, which the page itself tells."""
    if step.kind is StepKind.REPORT:
        return []
    without = UNTOLD | ({"reason"} if step.details.get("reason") == step.note else frozenset())
    return told_of(step.details, programme, names, numbers, without=without)


def told_of(
    details: Mapping[str, Any], programme: Programme | None, names: Names, numbers: Mapping[str, str] = NO_NUMBERS, *,
    without: Collection[str] = (),
) -> list[dict[str, str]]:  # fmt: skip
    """Return what details of a step say, each with name, title and value as read; what no reader understands is left out."""
    titles = {**{name: say(title) for name, title in TITLES.items()}, **_of_forms(programme)}
    found = []
    for name, value in details.items():
        said = _value(name, value, programme, names, numbers) if name in titles and name not in without else ""
        if said:
            found.append({"name": name, "title": titles[name], "value": said})
    return found


def _of_forms(programme: Programme | None) -> dict[str, str]:
    if programme is None:
        return {}
    return {
        field.code: field.title.text(current_language())
        for form in programme.forms for field in form.fields if field.kind not in {"photo", "point", "person"}
    }  # fmt: skip


def _value(name: str, value: Any, programme: Programme | None, names: Names, numbers: Mapping[str, str]) -> str:
    """Return the value of a detail as it is read, "" for one that no reader understands."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)
    said = {
        "party": lambda: (party_body(text, names) or {}).get("title", ""),
        "unit": lambda: names.of(text),
        "event": lambda: numbers.get(text, ""),
        "choice": lambda: choice_title(name, text, programme),
        "duration": lambda: duration_words(text),
        "time": lambda: _local(text),
    }.get(SORTS.get(name, "text"), lambda: mask_text(text))
    return said()


def choice_title(name: str, code: str, programme: Programme | None) -> str:
    """Return what a choice of a step is called; its code where the programme knows it no more."""
    if name == "complexity" and code in Complexity.codes():
        return label(Complexity(code))
    rules: Any = choice_rules(name, programme)
    return next((rule.title.text(current_language()) for rule in rules if rule.code == code), code)


def choice_rules(name: str, programme: Programme | None) -> Sequence[Any]:
    """Return the rules among which a detail chooses, none for what is no choice."""
    if programme is None:
        return ()
    of = {"category": programme.categories, "handling": programme.handling_types, "pause": programme.pauses}
    return of.get(name, ())


def duration_words(text: str) -> str:
    """Return a duration such as ``3wd`` in words; as it is where it is none."""
    try:
        found = duration(text)
    except OddValue:
        return text
    return say("{n} {unit}", n=found.amount, unit=label(found.unit))


def _local(text: str) -> str:
    """Return an instant in the district's time to the minute; as it is where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return mask_text(text)
    if moment.tzinfo is None:
        return text
    return moment.astimezone(ZoneInfo(installation().district.profile.timezone)).strftime("%Y-%m-%d %H:%M")
