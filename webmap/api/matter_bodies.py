"""Matters as JSON: where one stands, its clocks with colour and word, its history, what may be done next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from geogrid.domain.clocks import Phase
from geogrid.domain.events import Event, Step
from geogrid.domain.masking import mask_text
from geogrid.domain.matters import Proposal
from geogrid.domain.programmes import StepRule
from geogrid.rules.ownership import proposed_party
from geogrid.store.matter_views import ClockView, MatterView
from webmap.api.bodies import instant
from webmap.language import current_language, label

OURS = frozenset({"post", "units", "approver"})  # what the platform keeps with a step for itself


def matter_body(event: Event, view: MatterView) -> dict[str, Any]:
    """Return where a matter stands."""
    matter, programme, language = view.matter, view.programme, current_language()
    return {
        "event": str(event.id),
        "number": event.number,
        "programme": {"code": programme.code, "version": matter.version, "title": programme.title.text(language)},
        "state": {"code": matter.state, "title": programme.state(matter.state).title.text(language), "stage": event.state.value},
        "level": matter.level,
        "category": matter.category,
        "handling": matter.handling,
        "complexity": matter.complexity.value if matter.complexity else None,
        "amount_yuan": matter.amount_yuan,
        "first_owner": str(matter.first_owner),
        "owner": str(matter.owner),
        "lead": str(matter.lead) if matter.lead else None,
        "assisting": [str(party) for party in matter.assisting],
        "bounces": matter.bounces,
        "supervised": matter.supervised,
        "urged": matter.urged,
        "key_listed": matter.key_listed,
        "parked_until": instant(matter.parked_until) if matter.parked_until else None,
        "outcome": matter.outcome,
        "rating": matter.rating,
        "waiting": [proposal_body(proposal) for proposal in matter.proposals],
        "clocks": [clock_body(clock) for clock in view.clocks],
        "base_seq": len(event.steps),
    }


def proposal_body(proposal: Proposal) -> dict[str, Any]:
    """Return a step that waits for approval."""
    told = {"proposal": proposal.seq, "step": proposal.step, "asked_by": proposal.asked_by, "at": instant(proposal.at)}
    return {**told, "approver": proposal.approver.value, "details": shown_details(proposal.details)}


def clock_body(view: ClockView) -> dict[str, Any]:
    """Return a run of a clock: when it is due by promise and by law, its phase in words, its colour for each audience."""
    reading, rule, language = view.reading, view.rule, current_language()
    titles = {threshold.code: threshold.title.text(language) for threshold in rule.thresholds}
    phase = titles.get(reading.phase) or label(Phase(reading.phase))
    return {
        "clock": rule.code,
        "title": rule.title.text(language),
        "calendar": rule.calendar.value,
        "phase": {"code": str(reading.phase), "title": phase},
        "lights": {audience.value: {"code": light.value, "title": label(light)} for audience, light in view.lights.items()},
        "started_at": instant(reading.started_at),
        "due_at": instant(reading.due_at),
        "legal_due_at": _instant(reading.legal_due_at),
        "thresholds": [{"code": code, "title": titles[code], "at": instant(at)} for code, at in reading.thresholds],
        "stopped_at": _instant(reading.stopped_at),
        "paused": reading.paused,
        "late": reading.is_late,
        "provisional": reading.provisional,
        "promised": str(view.run.limit.promised),
        "legal": str(view.run.limit.legal) if view.run.limit.legal else None,
        "marks": [
            {
                "kind": mark.kind.value,
                "at": instant(mark.at),
                "reason": mark.reason,
                "amount": str(mark.amount or ""),
                "until": _instant(mark.until),
            }
            for mark in view.run.marks
        ],
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else instant(value)


def history_body(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the steps of an event, the first one first."""
    return [
        {
            "seq": step.seq,
            "kind": step.kind.value,
            "title": label(step.kind),
            "step": step.step,
            "at": instant(step.at),
            "actor": step.actor,
            "note": mask_text(step.note),
            "details": shown_details(step.details),
        }
        for step in steps
    ]


def shown_details(details: Any) -> dict[str, Any]:
    """Return the details of a step for readers: numbers of people masked, without what the platform keeps for itself."""
    return {name: _masked(value) for name, value in details.items() if name not in OURS}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list | tuple):
        return [_masked(part) for part in value]
    if isinstance(value, dict):
        return {name: _masked(part) for name, part in value.items()}
    return value


def proposed_body(event: Event, view: MatterView) -> str:
    """Return whom the rules propose to give the matter to, as ``kind:code``."""
    matter, at = view.matter, event.assignment
    category = next((found for found in view.programme.categories if found.code == matter.category), None)
    home, serving = (at.home_station or "", at.station_by_time or at.nearest_station or "") if at else ("", "")
    return str(proposed_party(view.programme, category, matter.owner, home_station=home, serving_station=serving))


def possible_body(steps: Sequence[StepRule]) -> list[dict[str, Any]]:
    """Return the steps that may be taken now, with what each needs."""
    language = current_language()
    return [
        {
            "step": step.code,
            "kind": step.kind.value,
            "title": step.title.text(language),
            "to": step.to,
            "requires": list(step.requires),
            "approver": step.approver.value if step.approver else None,
            "within": str(step.within) if step.within else None,
            "form": step.form,
        }
        for step in steps
    ]
