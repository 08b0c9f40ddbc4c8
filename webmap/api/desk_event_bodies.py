"""One event on the desk as JSON: its clocks, what may be done next and by whom, what waits for approval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geogrid.domain.clocks import Audience
from geogrid.domain.conditions import Complexity
from geogrid.domain.matters import Matter, Proposal
from geogrid.domain.people import Actor, Role
from geogrid.domain.programmes import Programme, StepRule
from geogrid.errors import RoleMissing
from geogrid.rules.entitled import holds
from geogrid.rules.workflow import possible, proposed_triage
from geogrid.store.matter_views import ClockView, MatterView
from layers.desk_names import Names
from webmap.api.bodies import instant
from webmap.api.desk_bodies import moment, party_body
from webmap.api.desk_history import SORTS, TITLES, actor_words, choice_rules, duration_words, step_title, told_of
from webmap.api.matter_bodies import shown_details
from webmap.language import current_language, label, say

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
                "amount_words": duration_words(str(mark.amount)) if mark.amount else "",
            }
            for mark in view.run.marks
        ],
        "thresholds": [{"code": code, "title": titles[code], "at": instant(at)} for code, at in reading.thresholds],
    }


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


def _field(name: str, programme: Programme, step: StepRule | None, *, required: bool) -> dict[str, Any]:
    told = {"name": name, "kind": SORTS.get(name, "text"), "title": say(TITLES.get(name, name)), "required": required}
    choices = _choices(name, programme)
    parties = [kind.value for kind in step.parties] if name == "party" and step and step.parties else []
    return {**told, **({"choices": choices} if choices else {}), **({"parties": parties} if parties else {})}


def _choices(name: str, programme: Programme) -> list[dict[str, Any]]:
    if name == "complexity":
        return [{"code": one.value, "title": label(one)} for one in Complexity]
    return [_choice(rule, programme) for rule in choice_rules(name, programme)]


def _choice(rule: Any, programme: Programme) -> dict[str, Any]:
    """Return a choice; ``requires`` is what it asks for besides, as the reason of a pause does."""
    more = [_field(name, programme, None, required=True) for name in getattr(rule, "requires", ())]
    return {"code": rule.code, "title": rule.title.text(current_language()), **({"requires": more} if more else {})}


def triage_body(view: MatterView) -> dict[str, Any]:
    """Return the complexity that the programme proposes and the rule that fired; nothing where none does."""
    fired = proposed_triage(view.programme, view.matter)
    if fired is None:
        return {"complexity": None, "rule": ""}
    code, zh, en = fired
    title = label(Complexity(code))
    return {"complexity": {"code": code, "title": title}, "rule": zh if current_language() == "zh" else en}


def approval_body(proposal: Proposal, view: MatterView, names: Names, actor: Actor) -> dict[str, Any]:
    """Return a step that waits for approval; ``may_decide``: whether the reader decides, who asked for it never."""
    may_decide = proposal.asked_by != actor.id and holds(actor, (proposal.approver,), view.matter)
    return {
        "seq": proposal.seq,
        "step": proposal.step,
        "title": step_title(proposal.step, view.programme),
        "asked_by": actor_words(proposal.asked_by, proposal.details, names),
        "at": instant(proposal.at),
        "may_decide": may_decide,
        "approver": proposal.approver.value,
        "approver_title": _role(proposal.approver, view.programme),
        "told": told_of(proposal.details, view.programme, names),
        "details": shown_details(proposal.details),
    }


def parties_body(matter: Matter, names: Names) -> dict[str, Any]:
    """Return who was asked first and who was called in."""
    assisting = [party_body(str(party), names) for party in matter.assisting]
    return {"first_owner": party_body(str(matter.first_owner), names), "assisting": assisting}
