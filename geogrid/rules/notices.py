"""Notices: which ones a step or a clock calls for, who is asked to read them, in which words, and not before when.

A rule names its occasion: ``"step:<code>"``, ``"clock:<code>:<phase>"``, ``"step:ask"`` (a step waits for approval),
``"matter:review"`` (the day of review of a parked matter has come), ``"matter:resumed"`` (a pause came to its longest length) or
``"matter:bounces"`` (it was returned as often as the programme's alarm says). Where a programme has no rule
for an occasion at which somebody must be told, a built-in one counts.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from geogrid.domain.clocks import Phase, TimeOut
from geogrid.domain.conditions import Title
from geogrid.domain.matters import Matter
from geogrid.domain.people import Role, WorkerRole
from geogrid.domain.programmes import NoticeRule, Party, PartyKind, Programme
from geogrid.errors.family import Reason
from geogrid.rules.reading import OddValue

REVIEW, BOUNCES, ASKED, RESUMED = "matter:review", "matter:bounces", "step:ask", "matter:resumed"
OF_MATTERS = (REVIEW, BOUNCES, ASKED, RESUMED)  # occasions that no programme has to name: somebody is told of them anyway
DEFAULT_CARRIER = "message"
QUIET_SETTING, QUIET_USUALLY = "quiet_hours", "21:00-07:30"
TO_MACHINES = frozenset({"webhook", "file"})  # who is never woken
# What a text may say in braces. Values that a matter does not have are a dash.
PLACEHOLDERS = frozenset(
    {
        "number", "kind", "category", "state", "level", "owner", "unit", "party", "step", "clock", "phase", "due", "at",
        "reason", "bounces",
    }
)  # fmt: skip
PARTIES = ("owner", "lead", "assisting", "first_owner", "supervisor", "citizen", "department", "approver", "whistled", "units")

BUILT_IN = (
    NoticeRule(
        "time_out", "", ("owner", "supervisor"), DEFAULT_CARRIER,
        Title("事件 {number} 的{clock}已于 {due} 到期", "Event {number}: {clock} ran out at {due}"),
    ),
    NoticeRule(
        "asked", ASKED, ("approver",), DEFAULT_CARRIER,
        Title("事件 {number}：{step}，待您审批", "Event {number}: {step} waits for your approval"),
    ),
    NoticeRule(
        "review", REVIEW, ("owner", "supervisor"), DEFAULT_CARRIER,
        Title("挂账事件 {number} 已到复核日期 {due}", "The parked event {number} is to be reviewed: {due}"),
    ),
    NoticeRule(
        "bounces", BOUNCES, ("dispatcher", "supervisor"), DEFAULT_CARRIER,
        Title("事件 {number} 已被退回 {bounces} 次，请确定主责", "Event {number} was returned {bounces} times: decide who leads"),
    ),
    NoticeRule(
        "resumed", RESUMED, ("owner", "supervisor"), DEFAULT_CARRIER,
        Title("事件 {number} 因“{reason}”暂停已满最长期限，恢复计时：{clock}，{due} 到期",
              "Event {number}: the pause for “{reason}” came to its longest length; the clock goes on: {clock}, due {due}"),
    ),
)  # fmt: skip


# -- which ------------------------------------------------------------------------------------------------------------


def called_for(programme: Programme, on: str) -> tuple[NoticeRule, ...]:
    """Return the rules of the programme for an occasion, the built-in one where somebody must be told and it names none."""
    found = tuple(rule for rule in programme.notices if rule.on == on)
    if found:
        return found
    if on in OF_MATTERS:
        return tuple(rule for rule in BUILT_IN if rule.on == on)
    kind, _, rest = on.partition(":")
    clock, _, phase = rest.partition(":")
    must = kind == "clock" and phase == Phase.OVERDUE and programme.clock(clock).time_out is TimeOut.NOTIFY
    return (replace(BUILT_IN[0], on=on),) if must else ()


def phases_told(programme: Programme, clock: str) -> frozenset[str]:
    """Return the phases of a clock at which something happens: running out always, others where a rule names them."""
    start = f"clock:{clock}:"
    return frozenset({Phase.OVERDUE.value, *(rule.on[len(start) :] for rule in programme.notices if rule.on.startswith(start))})


# -- to whom ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """Whoever holds one of ``roles`` for ``party``; where nobody does, whoever holds one of ``otherwise`` there."""

    party: Party | None
    roles: tuple[Role, ...]
    otherwise: tuple[Role, ...] = ()


BY_KIND = {
    PartyKind.UNIT: (Role.GRID_LEADER, Role.OFFICER),
    PartyKind.GRID: (Role.OFFICER, Role.GRID_LEADER),
    PartyKind.DEPARTMENT: (Role.DEPARTMENT,),
    PartyKind.STATION: (Role.MEDIATOR, Role.WINDOW_CLERK),
    PartyKind.TEAM: (Role.DEPARTMENT, Role.OFFICER, Role.MEDIATOR),
    PartyKind.PERSON: (Role.OFFICER,),  # a person named is told whatever his post
}
# What somebody on duty in a grid is told in the place of all who hold such a post for the whole village.
ON_DUTY = {Role.OFFICER: WorkerRole.GRID_WORKER, Role.GRID_LEADER: WorkerRole.GRID_LEADER}
LEADERS = (Role.TOWNSHIP_LEADER, Role.DISPATCHER, Role.COMMANDER)
TOWNSHIP_ZEROS, DISTRICT_ZEROS = "000", "000000"


def asked(matter: Matter, to: str, *, district: str) -> tuple[Asked, ...]:
    """Return who is meant by ``to`` (a role of a party, or a role's code); ``district`` is the unit over all, 12 digits.

    Nobody: the matter has no such party just now, or it is a citizen without an account.
    """
    named: dict[str, tuple[Party, ...]] = {
        "owner": (matter.owner,),
        "first_owner": (matter.first_owner,),
        "lead": (matter.lead or matter.owner,),
        "assisting": matter.assisting,
        "whistled": tuple(w.party for w in matter.whistles if w.answered_at is None),
        "department": tuple(p for p in matter.parties() if p.kind is PartyKind.DEPARTMENT)[:1],
        "citizen": _reporter(matter),
    }
    if to in named:
        return tuple(_of_party(party) for party in dict.fromkeys(named[to]))
    here = lowest_unit(matter, district)
    if to == "supervisor":
        return (_supervisor(matter, here, district),)
    if to == "units":
        return tuple(_of_party(Party(PartyKind.UNIT, unit)) for _, unit in matter.units)
    if to == "approver":
        return tuple(Asked(here, (proposal.approver,)) for proposal in matter.proposals[-1:])
    return (Asked(here, (Role(to),)),)


def on_duty(asked: Asked) -> tuple[WorkerRole, ...]:
    """Return as what those on duty in the event's own grid are asked for first; nothing where no village is meant."""
    of_village = asked.party is not None and asked.party.kind is PartyKind.UNIT and not asked.party.code.endswith(TOWNSHIP_ZEROS)
    if not of_village or not set(asked.roles) <= ON_DUTY.keys():
        return ()
    return tuple(ON_DUTY[role] for role in asked.roles)


def lowest_unit(matter: Matter, district: str) -> Party:
    """Return the lowest unit of the matter's territory, the district where it has none."""
    return Party(PartyKind.UNIT, matter.units[0][1] if matter.units else district)


def _reporter(matter: Matter) -> tuple[Party, ...]:
    kind, _, code = matter.taken[0].actor.partition(":")
    return (Party(PartyKind.PERSON, code),) if kind == "person" else ()


def _of_party(party: Party) -> Asked:
    if party.kind is not PartyKind.UNIT:
        return Asked(party, BY_KIND[party.kind])
    if party.code.endswith(DISTRICT_ZEROS):
        return Asked(party, (Role.DISPATCHER,), (Role.COMMANDER,))
    if party.code.endswith(TOWNSHIP_ZEROS):
        return Asked(party, (Role.TOWNSHIP_LEADER,), LEADERS)
    return Asked(party, BY_KIND[PartyKind.UNIT], LEADERS)


def _supervisor(matter: Matter, here: Party, district: str) -> Asked:
    """Return who stands over the owner: the township's leader over a village, the commander over all others."""
    over_township = matter.owner.kind is PartyKind.UNIT and matter.owner.code.endswith(TOWNSHIP_ZEROS)
    if over_township or matter.owner.kind is PartyKind.DEPARTMENT or here.code == district:
        return Asked(Party(PartyKind.UNIT, district), (Role.COMMANDER,), (Role.DISPATCHER,))
    return Asked(here, (Role.TOWNSHIP_LEADER,), (Role.COMMANDER, Role.DISPATCHER))


# -- in which words ---------------------------------------------------------------------------------------------------


def filled(rule: NoticeRule, language: str, values: Mapping[str, str]) -> str:
    """Return the text of a rule with its values; one that is missing is a dash."""
    return _fill(rule.text.text(language), values)


def _fill(template: str, values: Mapping[str, str]) -> str:
    known = {name: values.get(name) or "-" for name in PLACEHOLDERS}
    return template.format_map(known)


def unfit(rule: NoticeRule) -> Iterator[Reason]:
    """Give what is wrong with a rule's texts and recipients: placeholders nobody fills, roles nobody knows."""
    for language in ("zh", "en"):
        try:
            named = {name for _, name, _, _ in string.Formatter().parse(rule.text.text(language)) if name is not None}
        except ValueError as error:
            yield Reason("the {language} text cannot be filled: {error}", language=language, error=str(error))
            continue
        for name in sorted(named - PLACEHOLDERS):
            known = ", ".join(sorted(PLACEHOLDERS))
            yield Reason("{name} is filled by nothing; known: {known}", name=f"{{{name}}}", known=known)
    for to in rule.to:
        if to not in PARTIES and to not in Role.codes():
            yield Reason("{to} is no party ({parties}) and no role", to=to, parties=", ".join(PARTIES))


# -- not before when --------------------------------------------------------------------------------------------------


def quiet_hours(programme: Programme) -> tuple[int, int] | None:
    """Return (from, to) in minutes after midnight, over midnight where from is later; None: there are none.

    ``settings.quiet_hours`` of the programme, ``"21:00-07:30"`` where it says nothing, none where it says ``""``.

    Raises
    ------
    OddValue
        where it is written in no such way
    """
    told = programme.settings.get(QUIET_SETTING, QUIET_USUALLY)
    if told == "":
        return None
    parts = str(told).split("-")
    if len(parts) != 2:
        raise OddValue("{value} is no span such as {example}", value=repr(told), example=QUIET_USUALLY)
    begin, end = (_minutes(part.strip()) for part in parts)
    return (begin, end) if begin != end else None


def _minutes(text: str) -> int:
    try:
        hour, minute = (int(part) for part in text.split(":"))
    except ValueError as error:
        raise OddValue("{value} is no time of day such as {example}", value=repr(text), example="07:30") from error
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise OddValue("{value} is no time of day such as {example}", value=repr(text), example="07:30")
    return hour * 60 + minute


def not_before(programme: Programme, rule: NoticeRule, now: datetime) -> datetime:
    """Return when the first try may be made: ``now``, or the end of the quiet hours in the programme's zone.

    Machines are never asleep, and a rule may be for the night too.
    """
    quiet = quiet_hours(programme)
    if quiet is None or rule.even_at_night or rule.carrier in TO_MACHINES:
        return now
    local = now.astimezone(ZoneInfo(programme.timezone))
    minute, (begin, end) = local.hour * 60 + local.minute, quiet
    is_quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not is_quiet:
        return now
    day = local.date() + timedelta(days=1) if minute >= end else local.date()
    return datetime(day.year, day.month, day.day, end // 60, end % 60, tzinfo=local.tzinfo).astimezone(now.tzinfo)
