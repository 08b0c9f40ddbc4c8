"""One event on the desk as JSON: its clocks, its history in words, what may be done next and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from geogrid.domain.clocks import Audience
from geogrid.domain.conditions import Complexity
from geogrid.domain.events import Step
from geogrid.domain.grids import Department
from geogrid.domain.masking import mask_text
from geogrid.domain.matters import Matter, Proposal
from geogrid.domain.people import Actor, Role
from geogrid.domain.programmes import Programme, StepRule
from geogrid.errors import RoleMissing
from geogrid.rules.workflow import possible, proposed_triage
from geogrid.store.matter_views import ClockView, MatterView
from layers.desk_names import Names
from webmap.api.bodies import instant
from webmap.api.desk_bodies import moment, party_body
from webmap.api.matter_bodies import shown_details
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
SORTED_BY = ("category", "handling", "complexity", "amount_yuan")  # what a step that sorts may say besides


def clock_body(view: ClockView) -> dict[str, Any]:
    """Return a run of a clock with its colours, its marks and the instants of its thresholds."""
    reading, rule, language = view.reading, view.rule, current_language()
    titles = {threshold.code: threshold.title.text(language) for threshold in rule.thresholds}
    return {
        "code": rule.code,
        "title": rule.title.text(language),
        "light": view.lights[Audience.STAFF].value,
        "public_light": view.lights[Audience.PUBLIC].value,
        "started_at": instant(reading.started_at),
        "due_at": instant(reading.due_at),
        "legal_due_at": moment(reading.legal_due_at),
        "paused": reading.paused,
        "paused_at": instant(view.run.marks[-1].at) if reading.paused else None,
        "stopped_at": moment(reading.stopped_at),
        "late": reading.is_late,
        "provisional": reading.provisional,
        "marks": [
            {
                "kind": mark.kind.value,
                "title": label(mark.kind),
                "at": instant(mark.at),
                "reason": mark.reason,
                "amount": str(mark.amount or ""),
            }
            for mark in view.run.marks
        ],
        "thresholds": [{"code": code, "title": titles[code], "at": instant(at)} for code, at in reading.thresholds],
    }


# -- history ----------------------------------------------------------------------------------------------------------


def history_body(steps: Sequence[Step], programme: Programme | None, names: Names) -> list[dict[str, Any]]:
    """Return the steps of an event, the first one first, each said in words."""
    return [
        {
            "seq": step.seq,
            "step": step.step,
            "title": step_title(step.step, programme) or label(step.kind),
            "kind": step.kind.value,
            "at": instant(step.at),
            "actor": actor_words(step.actor, step.details, names),
            "note": mask_text(step.note),
            "details": shown_details(step.details),
        }
        for step in steps
    ]


# Who acted without being anybody's account. What a file brought names nobody: it was not the reporter who opened it.
NAMELESS = {
    "system": "The platform",
    "geogrid": "The platform",
    "citizen": "Reporter",
    "guest": "Reporter",
    "import": "From a file",
}


def step_title(code: str, programme: Programme | None) -> str:
    """Return what the programme calls a step, "" for one of every programme."""
    rule = programme.by_code["steps"].get(code) if programme else None
    return rule.title.text(current_language()) if rule else ""


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
    if matter is not None:
        parties |= {str(party) for party in (matter.first_owner, *matter.parties())}
    return parties, codes


# -- what comes next --------------------------------------------------------------------------------------------------


def possible_body(view: MatterView, actor: Actor) -> list[dict[str, Any]]:
    """Return the steps that the state leaves open, with what each asks for; what others alone may take says why."""
    mine = {step.code for step in possible(view.programme, view.matter, actor)}
    found = []
    for step in possible(view.programme, view.matter):
        if set(step.roles) <= {Role.SYSTEM}:
            continue
        body = _step(step, view.programme)
        if step.code not in mine:
            roles = ", ".join(_role(role, view.programme) for role in step.roles if role is not Role.SYSTEM)
            body["why_not"] = RoleMissing(step=body["title"], roles=roles).message(current_language())
        found.append(body)
    return found


def _role(role: Role, programme: Programme) -> str:
    title = programme.role_title(role)
    return title.text(current_language()) if title else label(role)


def _step(step: StepRule, programme: Programme) -> dict[str, Any]:
    state = programme.by_code["states"].get(step.to)
    return {
        "step": step.code,
        "title": step.title.text(current_language()),
        "kind": step.kind.value,
        "to": step.to,
        "to_title": state.title.text(current_language()) if state else "",
        "requires": list(_asked(step, programme)),
        "approver": step.approver.value if step.approver else None,
        "approver_title": _role(step.approver, programme) if step.approver else None,
    }


def _asked(step: StepRule, programme: Programme) -> Iterator[dict[str, Any]]:
    """Give what a step needs, then the fields of its form, then what it may say besides."""
    for name in step.requires:
        yield _field(name, programme, step, required=True)
    for form in programme.forms:
        if form.code == step.form:
            for one in form.fields:
                named = {"name": one.code, "kind": one.kind, "title": one.title.text(current_language())}
                choices = [{"code": choice, "title": choice} for choice in one.choices]
                yield {**named, "required": one.required, **({"choices": choices} if choices else {})}
    if "triage" in step.does:
        for name in SORTED_BY:
            if name not in step.requires:
                yield _field(name, programme, step, required=False)


def _field(name: str, programme: Programme, step: StepRule, *, required: bool) -> dict[str, Any]:
    told = {"name": name, "kind": SORTS.get(name, "text"), "title": say(TITLES.get(name, name)), "required": required}
    choices = _choices(name, programme)
    parties = [kind.value for kind in step.parties] if name == "party" and step.parties else []
    return {**told, **({"choices": choices} if choices else {}), **({"parties": parties} if parties else {})}


def _choices(name: str, programme: Programme) -> list[dict[str, str]]:
    if name == "complexity":
        return [{"code": one.value, "title": label(one)} for one in Complexity]
    rules: Any = {"category": programme.categories, "handling": programme.handling_types, "pause": programme.pauses}.get(name, ())
    return [{"code": rule.code, "title": rule.title.text(current_language())} for rule in rules]


def triage_body(view: MatterView) -> dict[str, Any]:
    """Return the complexity that the programme proposes and the rule that fired; nothing where none does."""
    fired = proposed_triage(view.programme, view.matter)
    if fired is None:
        return {"complexity": None, "rule": ""}
    code, zh, en = fired
    title = label(Complexity(code))
    return {"complexity": {"code": code, "title": title}, "rule": zh if current_language() == "zh" else en}


def approval_body(proposal: Proposal, view: MatterView, names: Names) -> dict[str, Any]:
    """Return a step that waits for approval."""
    return {
        "seq": proposal.seq,
        "step": proposal.step,
        "title": step_title(proposal.step, view.programme),
        "asked_by": actor_words(proposal.asked_by, proposal.details, names),
        "at": instant(proposal.at),
        "approver": proposal.approver.value,
        "approver_title": _role(proposal.approver, view.programme),
        "details": shown_details(proposal.details),
    }


def parties_body(matter: Matter, names: Names) -> dict[str, Any]:
    """Return who was asked first and who was called in."""
    assisting = [party_body(str(party), names) for party in matter.assisting]
    return {"first_owner": party_body(str(matter.first_owner), names), "assisting": assisting}
