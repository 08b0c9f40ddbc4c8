"""The life of a matter under its programme: which steps are possible, what a step needs, and what becomes of the matter.

``take`` asks whether a step may be taken and carries it out; ``fold`` adds up steps that were taken long ago. The matter is a
value: nothing is stored here.

A step with an approver is first asked for (kind ASK) and carried out when the approver approves; who holds the approver's post
himself carries it out at once. Nobody approves what he asked for, nor what he may not take himself; the same step is not asked
for twice at once. What an approved step does to clocks counts from the time it was asked, so that waiting for an answer costs
the one who asked nothing: a clock that ran out meanwhile runs again. A request lapses when the matter has gone on without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from geogrid.domain.events import StepKind
from geogrid.domain.matters import Matter, Proposal, Taken, Territory
from geogrid.domain.people import Actor, Post, Role
from geogrid.domain.programmes import BUILT_IN_STEPS, Category, Party, Programme, StepRule
from geogrid.errors import (
    EvidenceInvalid,
    EvidenceMissing,
    ProposalGone,
    ProposalWaits,
    RoleMissing,
    SamePerson,
    StepMerged,
    StepNotAllowed,
    StepUnknown,
    WithinPassed,
)
from geogrid.errors.family import Label, Reason
from geogrid.rules.approvals import approver_of, next_approver
from geogrid.rules.carrying import carried_out, next_seq, ticked
from geogrid.rules.deadlines import Facts, facts_of, fits
from geogrid.rules.effects import OF_TERRITORY, PAUSE_UNTIL, Doing, clock_to_extend, finds_its_clock, party_of
from geogrid.rules.entitled import holds, post_for
from geogrid.rules.ownership import level_of, owner_of
from geogrid.rules.step_names import Titled, evidence_names, role_names, state_name, step_name
from geogrid.rules.work_time import WorkTime

# Details that are written here; what a sender puts in their place is left out.
OURS = frozenset({"post", "units", "approver", PAUSE_UNTIL})
HANDS_OVER = frozenset({"give", "next_level", "previous_level"})
OF_MERGED = frozenset({"unmerge", "follow"})  # what alone is done to a matter that follows another one, and to no other


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

    ``asked`` is who was asked first (None: the owner by the rules); that is kept for good. Under first-asked responsibility he
    owns the matter until it is handed over in the system.
    """
    by_rule = owner_of(programme, category, territory)
    first = asked or by_rule
    matter = Matter(
        programme=programme.code,
        version=programme.version,
        state=programme.first_state.code,
        level=level_of(programme, by_rule, territory),
        first_owner=first,
        owner=first if programme.responsibility.first_asked else by_rule,
        units=territory.units,
        channel=channel,
        category=category.code if category else "",
        handling=category.handling if category else "",
        complexity=category.complexity if category else None,
        taken=(Taken(1, "report", actor, at, programme.first_state.code),),
    )
    return matter.but(clocks=ticked(programme, matter, "report", at))


def proposed_triage(programme: Programme, matter: Matter) -> tuple[str, str, str] | None:
    """Return complexity and reason (zh, en) of the first triage rule that fits; None where none does."""
    facts = facts_of(matter)
    for rule in programme.triage:
        if fits(rule.when, facts):
            return rule.complexity.value, rule.reason.zh, rule.reason.en
    return None


# -- what is possible -------------------------------------------------------------------------------------------------


def possible(programme: Programme, matter: Matter, actor: Actor | None = None) -> tuple[StepRule, ...]:
    """Return the steps that state, facts and clocks of the matter leave open, to ``actor`` where one is given.

    Evidence and time limits are asked for when a step is taken.
    """
    facts = facts_of(matter)
    leaving = programme.leaving.get(matter.state, ())
    found = (step for step in leaving if fits(step.when, facts) and _goes_its_way(programme, step, matter))
    found = (step for step in found if finds_its_clock(programme, matter, step.does))
    if actor is None:
        return tuple(found)
    return tuple(step for step in found if holds(actor, step.roles, matter) and not _took(matter, actor.id, step.not_by))


def _is_open(step: StepRule, matter: Matter, facts: Facts) -> bool:
    return matter.state in step.from_states and fits(step.when, facts)


def _goes_its_way(programme: Programme, step: StepRule, matter: Matter) -> bool:
    """Whether a step is for matters like this: one that follows another, as long as it is open, waits for that one."""
    follows = bool(matter.parent) and programme.state(matter.state).stage.is_open
    return bool(OF_MERGED & set(step.does)) is follows


def step_of(programme: Programme, matter: Matter, kind: StepKind) -> StepRule | None:
    """Return the step of a kind that the matter is open to: what a step of a plainer system was; None where none fits."""
    facts = facts_of(matter)
    leaving = programme.leaving.get(matter.state, ())
    fitting = (step for step in leaving if step.kind is kind and fits(step.when, facts))
    return next((step for step in fitting if _goes_its_way(programme, step, matter)), None)


def _took(matter: Matter, actor: str, codes: Collection[str]) -> str:
    """Return the code of a step among ``codes`` that the actor took or asked for, "" where he took none."""
    if not codes:
        return ""
    mine = (taken.step.removeprefix("ask:") for taken in matter.taken if taken.actor == actor)
    return next((step for step in mine if step in codes), "")


# -- taking a step ----------------------------------------------------------------------------------------------------


def take(programme: Programme, matter: Matter, command: Command, *, now: datetime, time: WorkTime) -> Outcome:
    """Return what becomes of the matter when the step is taken at ``now``.

    Raises
    ------
    StepUnknown, StepNotAllowed, RoleMissing, SamePerson, EvidenceMissing, EvidenceInvalid, WithinPassed, ExtensionSpent,
    ProposalWaits, ProposalGone : why it may not be taken; nothing has changed
    """
    now = max(now, matter.taken[-1].at)  # a clock that was set back does not put a step before the one it follows
    command = replace(command, details={name: value for name, value in command.details.items() if name not in OURS})
    if command.step in {"approve", "refuse"}:
        return _decide(programme, matter, command, now=now)
    if command.step == "note":
        return _noted(programme, matter, command, now)
    if command.step == "time_out":
        return _timed_out(matter, command, now)
    rule = _rule(programme, matter, command.step)
    post = post_for(command.actor, rule.roles, matter)
    if post is None:
        raise RoleMissing(step=Titled(rule.title), roles=role_names(programme, rule.roles))
    if before := _took(matter, command.actor.id, rule.not_by):
        raise SamePerson(step=Titled(rule.title), before=step_name(programme, before))
    _need(Titled(rule.title), _required(programme, rule, command.details), command.details)
    _check_parties(rule, command.details)
    _check_within(programme, rule, matter, now, time)
    approver = approver_of(programme, rule, matter, command.details, now, time)
    details = _details(programme, matter, rule, command, post) | _pause_ends(programme, rule, command, now, time)
    doing = Doing(programme, now, now, replace(command.actor, posts=(post,)), details)
    done = carried_out(programme, matter, rule, doing)  # before it is asked for: what could not be done is not asked
    if approver is None or holds(command.actor, (approver,), matter):
        return Outcome(done, rule.kind, rule.code, details)
    if waits := next((asked for asked in matter.proposals if asked.step == rule.code), None):
        approvers = role_names(programme, [waits.approver])
        raise ProposalWaits(step=Titled(rule.title), approver=approvers, proposal=waits.seq)
    details["approver"] = approver.value
    asked = Proposal(next_seq(matter), rule.code, command.actor.id, now, approver, details)
    waiting = matter.but(proposals=(*matter.proposals, asked))
    return Outcome(_taken(waiting, f"ask:{rule.code}", command.actor.id, now), StepKind.ASK, rule.code, details)


def _noted(programme: Programme, matter: Matter, command: Command, now: datetime) -> Outcome:
    """Note something: whoever holds any post for the matter may."""
    if not holds(command.actor, tuple(Role), matter):
        raise RoleMissing(step=Label(StepKind.NOTE), roles=role_names(programme, Role))
    _need(Label(StepKind.NOTE), ("note",), command.details)
    return Outcome(_taken(matter, "note", command.actor.id, now), StepKind.NOTE, "note", dict(command.details))


def _timed_out(matter: Matter, command: Command, now: datetime) -> Outcome:
    """Return the matter with the note that a clock ran out: the platform's own word, which moves nothing by itself."""
    if Role.SYSTEM not in command.actor.roles():
        raise RoleMissing(step=command.step, roles=Label(Role.SYSTEM))
    _need(command.step, ("clock", "due_at"), command.details)
    return Outcome(_taken(matter, "time_out", command.actor.id, now), StepKind.TIME_OUT, "time_out", dict(command.details))


def _details(programme: Programme, matter: Matter, rule: StepRule, command: Command, post: Post) -> dict[str, Any]:
    """Return what is to be kept with a step: what was sent, and all that following it again long afterwards needs."""
    details = {**command.details, "post": _told(post)}
    if OF_TERRITORY & set(rule.does):
        details["units"] = [list(pair) for pair in matter.units]
    if "extend" in rule.does:
        details["clock"] = clock_to_extend(matter, programme, command.details)
    return details


def _pause_ends(programme: Programme, rule: StepRule, command: Command, now: datetime, time: WorkTime) -> dict[str, str]:
    """Return when the pause ends by itself that a step begins, counted from now on, as it is kept with the step."""
    reason = command.details.get("pause") if "pause" in rule.does else None
    longest = next((pause.longest for pause in programme.pauses if pause.code == reason), None)
    return {PAUSE_UNTIL: time.count(now, longest, ()).end.isoformat()} if longest else {}


def _told(post: Post) -> dict[str, str]:
    return {"role": post.role.value, "unit": post.unit, "department": post.department, "station": post.station}


def _rule(programme: Programme, matter: Matter, code: str) -> StepRule:
    try:
        rule = programme.step(code)
    except KeyError:
        open_now = ", ".join(step.code for step in possible(programme, matter)) or "-"
        raise StepUnknown(programme=programme.code, step=code, possible=open_now) from None
    if not _is_open(rule, matter, facts_of(matter)):
        raise _not_allowed(programme, rule, matter)
    if not _goes_its_way(programme, rule, matter):
        raise (
            StepMerged(step=Titled(rule.title), parent=matter.parent) if matter.parent else _not_allowed(programme, rule, matter)
        )
    return rule


def _not_allowed(programme: Programme, rule: StepRule, matter: Matter) -> StepNotAllowed:
    return StepNotAllowed(step=Titled(rule.title), state=state_name(programme, matter.state))


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
        raise EvidenceMissing(step=step, missing=evidence_names(missing))


def _check_parties(rule: StepRule, details: Mapping[str, Any]) -> None:
    """Whom a step names must be of a kind that it may name: a citizen picks a person, a whistle calls a department."""
    named = details.get("party")
    for party in (party_of(one) for one in (named if isinstance(named, list | tuple) else [named]) if rule.parties and one):
        if party.kind not in rule.parties:
            known = ", ".join(kind.value for kind in rule.parties)
            raise EvidenceInvalid(name="party", reason=Reason("{value} is none of {known}", value=str(party), known=known))


def _check_within(programme: Programme, rule: StepRule, matter: Matter, now: datetime, time: WorkTime) -> None:
    if rule.within is None:
        return
    until = time.count(_entered(programme, matter), rule.within, ()).end
    if now > until:
        raise WithinPassed(step=Titled(rule.title), until=until.astimezone(time.timezone).isoformat(timespec="minutes"))


def _entered(programme: Programme, matter: Matter) -> datetime:
    """Return when the matter last came into its state, or was handed over in it."""
    for before, taken in zip(reversed(matter.taken[:-1]), reversed(matter.taken[1:]), strict=True):
        rule = programme.by_code["steps"].get(taken.step)
        if before.state != taken.state or (rule is not None and HANDS_OVER & set(rule.does)):
            return taken.at
    return matter.taken[0].at


def _decide(programme: Programme, matter: Matter, command: Command, *, now: datetime) -> Outcome:
    """Carry out or drop what waits for approval; the number of the step that asked is in the details."""
    asked = next((p for p in matter.proposals if p.seq == command.details.get("proposal")), None)
    if asked is None:
        raise ProposalGone(proposal=command.details.get("proposal", "-"))
    rule = programme.step(asked.step)
    approver = asked.approver
    if "extend" in rule.does and command.step == "approve":  # somebody may have extended it meanwhile
        approver = next_approver(programme, matter, str(asked.details.get("clock")))[0]
    if not holds(command.actor, (approver,), matter):
        raise RoleMissing(step=step_name(programme, command.step), roles=role_names(programme, [approver]))
    if command.actor.id == asked.asked_by:
        raise SamePerson(step=step_name(programme, command.step), before=step_name(programme, f"ask:{asked.step}"))
    rest = _without(matter, asked)
    if command.step == "refuse":
        _need(Label(StepKind.REFUSE), ("reason",), command.details)
        return Outcome(_taken(rest, "refuse", command.actor.id, now), StepKind.REFUSE, asked.step, dict(command.details))
    if before := _took(matter, command.actor.id, rule.not_by):
        raise SamePerson(step=Titled(rule.title), before=step_name(programme, before))
    done = carried_out(programme, rest, rule, _asked_for(programme, asked, now), by=command.actor.id)
    return Outcome(done, StepKind.APPROVE, asked.step, dict(command.details))


def _without(matter: Matter, asked: Proposal) -> Matter:
    return matter.but(proposals=tuple(p for p in matter.proposals if p.seq != asked.seq))


def _taken(matter: Matter, step: str, actor: str, at: datetime, seq: int = 0) -> Matter:
    return matter.but(taken=(*matter.taken, Taken(seq or next_seq(matter), step, actor, at, matter.state)))


def _asked_for(programme: Programme, asked: Proposal, now: datetime) -> Doing:
    """Return a proposal as carried out at ``now`` for the one who asked; its clocks are moved as of the time he asked."""
    return Doing(programme, now, asked.at, Actor(asked.asked_by, asked.asked_by, _posts_of(asked.details)), asked.details)


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
        waiting = matter.but(proposals=(*matter.proposals, asked))
        return _taken(waiting, f"ask:{past.step}", past.actor, past.at, past.seq)
    if past.kind in {StepKind.APPROVE, StepKind.REFUSE}:
        return _decided(programme, matter, past)
    if past.step in BUILT_IN_STEPS:
        units = past.details.get("units") if past.step == "assign" else None
        placed = matter if units is None else matter.but(units=tuple((level, unit) for level, unit in units))
        return _taken(placed, past.step, past.actor, past.at, past.seq)
    actor = Actor(past.actor, past.actor, _posts_of(past.details))
    doing = Doing(programme, past.at, past.at, actor, past.details)
    return carried_out(programme, matter, _rule(programme, matter, past.step), doing, seq=past.seq)


def _decided(programme: Programme, matter: Matter, past: Past) -> Matter:
    asked = next((p for p in matter.proposals if p.seq == past.details.get("proposal")), None)
    if asked is None:
        raise ProposalGone(proposal=past.details.get("proposal", "-"))
    rest = _without(matter, asked)
    if past.kind is StepKind.REFUSE:
        return _taken(rest, "refuse", past.actor, past.at, past.seq)
    doing = _asked_for(programme, asked, past.at)
    return carried_out(programme, rest, programme.step(asked.step), doing, by=past.actor, seq=past.seq)


def _posts_of(details: Mapping[str, Any]) -> tuple[Post, ...]:
    """Return the post for which a step was taken, as its details keep it; none where it was taken before there were posts."""
    told = details.get("post")
    return (Post(Role(told["role"]), told["unit"], told["department"], told["station"]),) if told else ()
