"""The life of a matter under its programme: which steps are possible, what a step needs, and what becomes of the matter.

``take`` asks whether a step may be taken and carries it out; ``apply`` only carries it out, for steps that were taken long
ago; ``fold`` adds up all steps from the first. The matter is a value: nothing is stored here.

A step with an approver is first asked for (kind ASK) and carried out when the approver approves; who holds the approver's post
himself carries it out at once. Nobody approves what he asked for. What an approved step does to clocks counts from the time it
was asked, so that waiting for an answer costs the one who asked nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from geogrid.domain.events import StepKind
from geogrid.domain.matters import ClockRun, Mark, MarkKind, Matter, Proposal, Taken, Territory
from geogrid.domain.people import Actor, Post, Role
from geogrid.domain.programmes import BUILT_IN_STEPS, Category, Party, Programme, StepRule
from geogrid.errors import (
    EvidenceInvalid,
    EvidenceMissing,
    ExtensionSpent,
    ProposalGone,
    RoleMissing,
    SamePerson,
    StepNotAllowed,
    StepUnknown,
    WithinPassed,
)
from geogrid.rules.deadlines import facts_of, fits, limit_for, read_clock
from geogrid.rules.durations import duration
from geogrid.rules.effects import EFFECT, OF_TERRITORY, Doing, clock_to_extend
from geogrid.rules.entitled import holds, post_for
from geogrid.rules.ownership import level_of, owner_of
from geogrid.rules.work_time import WorkTime


@dataclass(frozen=True)
class Command:
    """A step that somebody wants to take: its code, by whom, with what details (evidence by name)."""

    step: str
    actor: Actor
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a step came to: the matter after it, and the step to be stored: kind, programme's code, details.

    The details are those of the command with what is needed to follow the step again: the post it was taken for and, of a step
    that was asked for, the approver's role.
    """

    matter: Matter
    kind: StepKind
    step: str
    details: Mapping[str, Any]


# -- the beginning ----------------------------------------------------------------------------------------------------


def begin(
    programme: Programme,
    territory: Territory,
    category: Category | None,
    *,
    channel: str,
    asked: Party | None,
    at: datetime,
    actor: str,
) -> Matter:
    """Return a new matter in the programme's first state; its clocks that start with the report run.

    ``asked`` is who was asked first (None: the owner by the rules): under first-asked responsibility he owns it until it is
    handed over in the system.
    """
    by_rule = owner_of(programme, category, territory)
    owner = asked if asked is not None and programme.responsibility.first_asked else by_rule
    matter = Matter(
        programme=programme.code,
        version=programme.version,
        state=programme.first_state.code,
        level=level_of(programme, by_rule, territory),
        first_owner=owner,
        owner=owner,
        units=territory.units,
        channel=channel,
        category=category.code if category else "",
        handling=category.handling if category else "",
        complexity=category.complexity if category else None,
        taken=(Taken(1, "report", actor, at, programme.first_state.code),),
    )
    return _ticked(matter, programme, "report", at)


def proposed_triage(programme: Programme, matter: Matter) -> tuple[str, str, str] | None:
    """Return complexity and reason (zh, en) of the first triage rule that fits; None where none does."""
    facts = facts_of(matter)
    for rule in programme.triage:
        if fits(rule.when, facts):
            return rule.complexity.value, rule.reason.zh, rule.reason.en
    return None


# -- what is possible -------------------------------------------------------------------------------------------------


def possible(programme: Programme, matter: Matter, actor: Actor | None = None) -> tuple[StepRule, ...]:
    """Return the steps that the state and the facts of the matter leave open, to ``actor`` where one is given.

    Evidence and time limits are asked for when a step is taken.
    """
    found = (step for step in programme.steps if _is_open(step, matter))
    if actor is None:
        return tuple(found)
    return tuple(step for step in found if holds(actor, step.roles, matter) and not _took(matter, actor.id, step.not_by))


def _is_open(step: StepRule, matter: Matter) -> bool:
    return matter.state in step.from_states and fits(step.when, facts_of(matter))


def step_of(programme: Programme, matter: Matter, kind: StepKind) -> StepRule | None:
    """Return the step of a kind that the matter is open to: what a step of a plainer system was; None where none fits."""
    return next((step for step in programme.steps if step.kind is kind and _is_open(step, matter)), None)


def _took(matter: Matter, actor: str, codes: Collection[str]) -> str:
    """Return the code of a step among ``codes`` that the actor took, "" where he took none."""
    return next((taken.step for taken in matter.taken if taken.actor == actor and taken.step in codes), "")


# -- taking a step ----------------------------------------------------------------------------------------------------


def take(programme: Programme, matter: Matter, command: Command, *, now: datetime, time: WorkTime) -> Outcome:
    """Return what becomes of the matter when the step is taken at ``now``.

    Raises
    ------
    StepUnknown, StepNotAllowed, RoleMissing, SamePerson, EvidenceMissing, EvidenceInvalid, WithinPassed, ExtensionSpent,
    ProposalGone : why it may not be taken; nothing has changed
    """
    now = max(now, matter.taken[-1].at)  # a clock that was set back does not put a step before the one it follows
    if command.step in {"approve", "refuse"}:
        return _decide(programme, matter, command, now=now)
    if command.step == "note":
        _need(command.step, ("note",), command.details)
        return Outcome(_taken(matter, "note", command.actor.id, now), StepKind.NOTE, "note", dict(command.details))
    rule = _rule(programme, matter, command.step)
    post = post_for(command.actor, rule.roles, matter)
    if post is None:
        raise RoleMissing(step=rule.code, roles=", ".join(role.value for role in rule.roles))
    if before := _took(matter, command.actor.id, rule.not_by):
        raise SamePerson(step=rule.code, before=before)
    _need(rule.code, _required(programme, rule, command.details), command.details)
    _check_within(rule, matter, now, time)
    approver = _approver(programme, rule, matter, command, now, time)
    doing = Doing(programme, now, now, replace(command.actor, posts=(post,)), command.details)
    done = _carried_out(programme, matter, rule, doing)  # before it is asked for: what could not be done is not asked
    details = {**command.details, "post": _told(post)}
    if OF_TERRITORY & set(rule.does):
        details["units"] = [list(pair) for pair in matter.units]
    if approver is None or holds(command.actor, (approver,), matter):
        return Outcome(done, rule.kind, rule.code, details)
    details["approver"] = approver.value
    asked = Proposal(_next_seq(matter), rule.code, command.actor.id, now, approver, details)
    waiting = replace(matter, proposals=(*matter.proposals, asked))
    return Outcome(_taken(waiting, f"ask:{rule.code}", command.actor.id, now), StepKind.ASK, rule.code, details)


def _told(post: Post) -> dict[str, str]:
    return {"role": post.role.value, "unit": post.unit, "department": post.department, "station": post.station}


def _rule(programme: Programme, matter: Matter, code: str) -> StepRule:
    try:
        rule = programme.step(code)
    except KeyError:
        open_now = ", ".join(step.code for step in possible(programme, matter)) or "-"
        raise StepUnknown(programme=programme.code, step=code, possible=open_now) from None
    if not _is_open(rule, matter):
        raise StepNotAllowed(step=code, state=matter.state)
    return rule


def _required(programme: Programme, rule: StepRule, details: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the evidence a step needs: its own, what the reason of a pause asks for, the required fields of its form."""
    named = [*rule.requires]
    for pause in programme.pauses:
        if pause.code == details.get("pause") and "pause" in rule.does:
            named += pause.requires
    for form in programme.forms:
        if form.code == rule.form:
            named += [field.code for field in form.fields if field.required]
    return tuple(dict.fromkeys(named))


def _need(step: str, names: Sequence[str], details: Mapping[str, Any]) -> None:
    missing = [name for name in names if details.get(name) in (None, "", [], ())]
    if missing:
        raise EvidenceMissing(step=step, missing=", ".join(missing))


def _check_within(rule: StepRule, matter: Matter, now: datetime, time: WorkTime) -> None:
    if rule.within is None:
        return
    entered = next((taken.at for taken in reversed(matter.taken) if _entered(taken, matter)), matter.taken[0].at)
    until = time.count(entered, rule.within, ()).end
    if now > until:
        raise WithinPassed(step=rule.code, until=until.astimezone(time.timezone).isoformat(timespec="minutes"))


def _entered(taken: Taken, matter: Matter) -> bool:
    """Whether with this step the matter came into the state in which it is."""
    before = [earlier for earlier in matter.taken if earlier.seq < taken.seq]
    return taken.state == matter.state and (not before or before[-1].state != taken.state)


def _approver(
    programme: Programme, rule: StepRule, matter: Matter, command: Command, now: datetime, time: WorkTime
) -> Role | None:
    """Return whose approval the step needs: an extension's next approver, a pause's own, the step's."""
    if "extend" in rule.does:
        return _approver_of_extension(programme, matter, command, now, time)
    if "pause" in rule.does:
        for pause in programme.pauses:
            if pause.code == command.details.get("pause"):
                return pause.approver or rule.approver
    return rule.approver


def _approver_of_extension(programme: Programme, matter: Matter, command: Command, now: datetime, time: WorkTime) -> Role:
    code = clock_to_extend(matter, programme, command.details)
    rule = programme.clock(code)
    run = next(run for run in matter.clocks if run.clock == code and run.is_running)
    if rule.extension is None or run.extensions >= len(rule.extension.approvers):
        raise ExtensionSpent(clock=code, reason=f"it was extended {run.extensions} times")
    try:
        amount = duration(command.details.get("amount"))
    except ValueError as error:
        raise EvidenceInvalid(name="amount", reason=str(error)) from error
    if amount.unit is not rule.extension.most.unit or not 0 < amount.amount <= rule.extension.most.amount:
        raise ExtensionSpent(clock=code, reason=f"at most {rule.extension.most} at a time")
    if read_clock(rule, run.limit, run.marks, now=now, time=time).is_late:
        raise ExtensionSpent(clock=code, reason="it has run out")
    return rule.extension.approvers[run.extensions]


def _decide(programme: Programme, matter: Matter, command: Command, *, now: datetime) -> Outcome:
    """Carry out or drop what waits for approval; the number of the step that asked is in the details."""
    asked = next((p for p in matter.proposals if p.seq == command.details.get("proposal")), None)
    if asked is None:
        raise ProposalGone(proposal=command.details.get("proposal", "-"))
    if not holds(command.actor, (asked.approver,), matter):
        raise RoleMissing(step=command.step, roles=asked.approver.value)
    if command.actor.id == asked.asked_by:
        raise SamePerson(step=command.step, before=f"ask:{asked.step}")
    rest = replace(matter, proposals=tuple(p for p in matter.proposals if p.seq != asked.seq))
    if command.step == "refuse":
        _need("refuse", ("reason",), command.details)
        return Outcome(_taken(rest, "refuse", command.actor.id, now), StepKind.REFUSE, asked.step, dict(command.details))
    rule = programme.step(asked.step)
    if matter.state not in rule.from_states:
        raise ProposalGone(proposal=asked.seq)
    done = _carried_out(programme, rest, rule, _asked_for(programme, asked, now), by=command.actor.id)
    return Outcome(done, StepKind.APPROVE, asked.step, dict(command.details))


def _asked_for(programme: Programme, asked: Proposal, now: datetime) -> Doing:
    """Return a proposal as carried out at ``now`` for the one who asked; its clocks are moved as of the time he asked."""
    return Doing(programme, now, asked.at, Actor(asked.asked_by, asked.asked_by, _posts_of(asked.details)), asked.details)


# -- carrying it out --------------------------------------------------------------------------------------------------


def _carried_out(programme: Programme, matter: Matter, rule: StepRule, doing: Doing, *, by: str = "") -> Matter:
    for effect in rule.does:
        matter = EFFECT[effect](matter, doing)
    if rule.to:
        matter = replace(matter, state=rule.to)
    matter = _ticked(matter, programme, rule.code, doing.at)
    if programme.state(matter.state).final:
        matter = _all_stopped(matter, doing.at)
    return _taken(matter, rule.code, by or doing.actor.id, doing.at)


def _taken(matter: Matter, step: str, actor: str, at: datetime) -> Matter:
    return replace(matter, taken=(*matter.taken, Taken(_next_seq(matter), step, actor, at, matter.state)))


def _next_seq(matter: Matter) -> int:
    return matter.taken[-1].seq + 1


def _ticked(matter: Matter, programme: Programme, step: str, at: datetime) -> Matter:
    """Stop the clocks that the step stops, then start those that it starts; one that runs already runs on."""
    stopping = {rule.code for rule in programme.clocks if step in rule.stops_on}
    runs = [
        replace(run, marks=(*run.marks, Mark(MarkKind.STOP, at))) if run.is_running and run.clock in stopping else run
        for run in matter.clocks
    ]
    running = {run.clock for run in runs if run.is_running}
    facts = facts_of(matter)
    for rule in programme.clocks:
        limit = limit_for(rule, facts)
        if step in rule.starts_on and rule.code not in running and limit is not None:
            runs.append(ClockRun(rule.code, limit, (Mark(MarkKind.START, at),)))
    return replace(matter, clocks=tuple(runs))


def _all_stopped(matter: Matter, at: datetime) -> Matter:
    return replace(
        matter,
        clocks=tuple(
            replace(run, marks=(*run.marks, Mark(MarkKind.STOP, at))) if run.is_running else run for run in matter.clocks
        ),
    )


# -- what was taken long ago ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Past:
    """A step as it is stored."""

    seq: int
    kind: StepKind
    step: str
    actor: str
    at: datetime
    details: Mapping[str, Any]


def fold(programme: Programme, matter: Matter, steps: Sequence[Past]) -> Matter:
    """Return the matter after ``steps``, in order, from what it was at its beginning; nobody's rights are asked again.

    Raises
    ------
    StepUnknown, StepNotAllowed, ProposalGone : where the steps cannot follow one another
    """
    for step in steps:
        matter = _followed(programme, matter, step)
    return matter


def _followed(programme: Programme, matter: Matter, past: Past) -> Matter:
    if past.kind is StepKind.ASK:
        asked = Proposal(past.seq, past.step, past.actor, past.at, Role(past.details["approver"]), dict(past.details))
        waiting = replace(matter, proposals=(*matter.proposals, asked))
        return _at(_taken(waiting, f"ask:{past.step}", past.actor, past.at), past)
    if past.kind in {StepKind.APPROVE, StepKind.REFUSE}:
        return _at(_decided(programme, matter, past), past)
    if past.step in BUILT_IN_STEPS:
        return _at(_taken(matter, past.step, past.actor, past.at), past)
    actor = Actor(past.actor, past.actor, _posts_of(past.details))
    doing = Doing(programme, past.at, past.at, actor, past.details)
    return _at(_carried_out(programme, matter, _rule(programme, matter, past.step), doing), past)


def _decided(programme: Programme, matter: Matter, past: Past) -> Matter:
    asked = next((p for p in matter.proposals if p.seq == past.details.get("proposal")), None)
    if asked is None:
        raise ProposalGone(proposal=past.details.get("proposal", "-"))
    rest = replace(matter, proposals=tuple(p for p in matter.proposals if p.seq != asked.seq))
    if past.kind is StepKind.REFUSE:
        return _taken(rest, "refuse", past.actor, past.at)
    doing = _asked_for(programme, asked, past.at)
    return _carried_out(programme, rest, programme.step(asked.step), doing, by=past.actor)


def _at(matter: Matter, past: Past) -> Matter:
    """Return the matter with the number that its last step has in the store: steps of other kinds may lie between."""
    *before, last = matter.taken
    return replace(matter, taken=(*before, replace(last, seq=past.seq)))


def _posts_of(details: Mapping[str, Any]) -> tuple[Post, ...]:
    """Return the post for which a step was taken, as its details keep it; none where it was taken before there were posts."""
    told = details.get("post")
    return (Post(Role(told["role"]), told["unit"], told["department"], told["station"]),) if told else ()
