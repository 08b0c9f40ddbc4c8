"""What a step does to a matter besides leading from state to state: who has it now, at which level, how its clocks go on.

Each effect is a function of the matter and the command; the names are those of ``domain.programmes.EFFECTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from geogrid.domain.clocks import ClockCalendar
from geogrid.domain.conditions import Complexity
from geogrid.domain.matters import ClockRun, Mark, MarkKind, Matter, Whistle
from geogrid.domain.people import Actor
from geogrid.domain.programmes import Party, PartyKind, Programme
from geogrid.errors import EvidenceInvalid
from geogrid.errors.family import Reason
from geogrid.rules.durations import duration
from geogrid.rules.pauses import broken_off, pause_of

PARKED, MERGED = "parked", "merged"
PAUSE_UNTIL, OVER_AT = "pause_until", "over_at"  # details: when a pause ends at the latest; that it did
OF_TERRITORY = frozenset({"next_level", "previous_level"})
MOST_YUAN = 1e12


@dataclass(frozen=True)
class Doing:
    """A step being carried out: when (aware), since when its clocks are moved, by whom, with what details."""

    programme: Programme
    at: datetime
    since: datetime
    actor: Actor
    details: Mapping[str, Any]


def party_of(value: Any, name: str = "party") -> Party:
    """Return the party that ``"department:police"`` names; raises EvidenceInvalid."""
    kind, _, code = str(value).partition(":")
    if not code or code != code.strip() or kind not in PartyKind.codes():
        reason = Reason("{value!r} is no kind:code, kinds: {kinds}", value=value, kinds=", ".join(PartyKind.codes()))
        raise EvidenceInvalid(name=name, reason=reason)
    return Party(PartyKind(kind), code)


def own_party(actor: Actor, matter: Matter) -> Party:
    """Return the party for which the actor acts: the department, station or unit of his post; the owner where it has none."""
    for post in actor.posts:
        if post.department:
            return Party(PartyKind.DEPARTMENT, post.department)
        if post.station:
            return Party(PartyKind.STATION, post.station)
        if post.unit:
            return Party(PartyKind.UNIT, post.unit)
    return matter.owner


# -- who has it -------------------------------------------------------------------------------------------------------


def _owned_by(matter: Matter, party: Party, **changed: Any) -> Matter:
    if party == matter.owner:
        return matter.but(**changed)
    return matter.but(owner=party, owners=(*matter.owners, matter.owner), **changed)


def own(matter: Matter, doing: Doing) -> Matter:
    return _owned_by(matter, own_party(doing.actor, matter))


def give(matter: Matter, doing: Doing) -> Matter:
    """Give the matter to the party named; where a step of another system names none, to whom it belongs already."""
    named = doing.details.get("party")
    party = party_of(named) if named else matter.owner
    return _owned_by(matter, party, lead=party)


def assist(matter: Matter, doing: Doing) -> Matter:
    called = doing.details.get("party")
    parties = [party_of(one) for one in (called if isinstance(called, list | tuple) else [called])]
    return matter.but(assisting=tuple(dict.fromkeys((*matter.assisting, *parties))))


def bounce(matter: Matter, doing: Doing) -> Matter:
    """Give the matter back to who had it before; where nobody had, it stays, and is to be dispatched anew."""
    *earlier, before = matter.owners or (matter.owner,)
    return matter.but(owner=before, owners=tuple(earlier), lead=None, bounces=matter.bounces + 1)


def next_level(matter: Matter, doing: Doing) -> Matter:
    return _moved(matter, doing, 1)


def previous_level(matter: Matter, doing: Doing) -> Matter:
    return _moved(matter, doing, -1)


def _moved(matter: Matter, doing: Doing, by: int) -> Matter:
    """Move a matter a level up or down, to the unit of its territory there; at the end of the ladder it stays.

    The territory is that of the day: a step that was taken long ago keeps it in its details.
    """
    codes = [level.code for level in doing.programme.levels]
    level = codes[min(max(codes.index(matter.level) + by, 0), len(codes) - 1)]
    units = dict(tuple(pair) for pair in doing.details.get("units", matter.units))
    moved = matter.but(level=level)
    return _owned_by(moved, Party(PartyKind.UNIT, units[level])) if level in units else moved


def blow(matter: Matter, doing: Doing) -> Matter:
    whistle = Whistle(party_of(doing.details.get("party")), doing.at)
    return matter.but(whistles=(*matter.whistles, whistle))


def answer(matter: Matter, doing: Doing) -> Matter:
    party, answered, whistles = own_party(doing.actor, matter), False, list[Whistle]()
    for whistle in matter.whistles:
        mine = whistle.party == party and whistle.answered_at is None
        whistles.append(replace(whistle, answered_at=doing.at) if mine else whistle)
        answered |= mine
    if not answered:
        raise EvidenceInvalid(name="party", reason=Reason("no whistle was blown for {party}", party=str(party)))
    return matter.but(whistles=tuple(whistles), assisting=tuple(dict.fromkeys((*matter.assisting, party))))


# -- clocks -----------------------------------------------------------------------------------------------------------


def _marked(matter: Matter, chosen: Callable[[ClockRun], bool], mark: Callable[[ClockRun], Mark]) -> Matter:
    return matter.but(clocks=tuple(run.with_mark(mark(run)) if run.is_running and chosen(run) else run for run in matter.clocks))


def _since(run: ClockRun, since: datetime) -> datetime:
    return max(since, run.marks[-1].at)


def pause(matter: Matter, doing: Doing) -> Matter:
    reason, ends = str(doing.details.get("pause", "")), doing.details.get(PAUSE_UNTIL)
    until = moment(ends, PAUSE_UNTIL) if ends else None
    rules = {rule.code for rule in doing.programme.clocks if reason in rule.pauses}
    if not any(run.clock in rules and run.is_running and not run.is_paused for run in matter.clocks):
        raise EvidenceInvalid(name="pause", reason=Reason("no running clock stands still for {pause!r}", pause=reason))
    return _marked(
        matter,
        lambda run: run.clock in rules and not run.is_paused,
        lambda run: _pause(_since(run, doing.since), reason, until),
    )


def _pause(at: datetime, reason: str, until: datetime | None) -> Mark:
    return Mark(MarkKind.PAUSE, at, reason, until=max(at, until) if until else None)


def resume(matter: Matter, doing: Doing) -> Matter:
    """Let the clocks go on that stand still for a reason; those of a parked matter wait until it is taken up again.

    With ``over_at`` in the details, as the platform says it, those alone whose pause has come to its longest length by then.
    """
    said = doing.details.get(OVER_AT)
    over_at = moment(said, OVER_AT) if said else None
    if not any(_goes_on(run, over_at) for run in matter.clocks):
        raise EvidenceInvalid(name="pause", reason="no clock stands still")
    return _marked(matter, lambda run: _goes_on(run, over_at), lambda run: Mark(MarkKind.RESUME, _since(run, doing.at)))


def finds_its_clock(programme: Programme, matter: Matter, does: Collection[str]) -> bool:
    """Whether the effects of a step that move clocks find one to move: else it is refused, whatever is sent with it."""
    rules = {rule.code: rule for rule in programme.clocks}
    found: dict[str, Callable[[ClockRun], bool]] = {
        "pause": lambda run: bool(rules[run.clock].pauses) and run.is_running and not run.is_paused,
        "resume": lambda run: _goes_on(run, None),
        "extend": lambda run: bool(rules[run.clock].extension) and run.is_running,
    }
    return all(any(found[effect](run) for run in matter.clocks) for effect in found.keys() & set(does))


def _goes_on(run: ClockRun, over_at: datetime | None) -> bool:
    pause = pause_of(run)
    if pause is None or pause.reason in {PARKED, MERGED}:
        return False
    return over_at is None or (pause.until is not None and pause.until <= over_at)


def extend(matter: Matter, doing: Doing) -> Matter:
    amount, code = duration(doing.details.get("amount")), clock_to_extend(matter, doing.programme, doing.details)
    return _marked(matter, lambda run: run.clock == code, lambda run: Mark(MarkKind.EXTEND, _since(run, doing.since), "", amount))


def clock_to_extend(matter: Matter, programme: Programme, details: Mapping[str, Any]) -> str:
    """Return the code of the running clock that is meant: the one named, else the first that can be extended."""
    can = [rule.code for rule in programme.clocks if rule.extension]
    running = [run.clock for run in matter.clocks if run.is_running and run.clock in can]
    named = details.get("clock", running[0] if running else "")
    if named not in running:
        raise EvidenceInvalid(name="clock", reason=Reason("{clock} does not run or cannot be extended", clock=named or "-"))
    return str(named)


def park(matter: Matter, doing: Doing) -> Matter:
    until = moment(doing.details.get("until"), "until")
    if until <= doing.at:
        raise EvidenceInvalid(name="until", reason="the day of review lies before now")
    return _all_still(matter, doing, PARKED).but(parked_until=until)


def _all_still(matter: Matter, doing: Doing, reason: str) -> Matter:
    """Make every clock stand still but those of an emergency.

    A pause that would end by itself is broken off: nothing may go on while the matter as a whole stands still. ``_going_again``
    takes it up where it still lasts.
    """
    never = {rule.code for rule in doing.programme.clocks if rule.calendar is ClockCalendar.EMERGENCY}
    ended = _marked(matter, _ends_by_itself, lambda run: Mark(MarkKind.RESUME, _since(run, doing.since)))
    return _marked(
        ended,
        lambda run: not run.is_paused and run.clock not in never,
        lambda run: Mark(MarkKind.PAUSE, _since(run, doing.since), reason),
    )


def _going_again(matter: Matter, doing: Doing, reason: str) -> Matter:
    """Let those clocks go on that ``_all_still`` stopped; a pause that it broke off lasts until its own end, if it is to come."""
    return matter.but(clocks=tuple(_gone_on(run, doing.at, reason) for run in matter.clocks))


def _gone_on(run: ClockRun, at: datetime, reason: str) -> ClockRun:
    pause, before = pause_of(run), broken_off(run)
    if pause is None or pause.reason != reason:
        return run
    again = run.with_mark(Mark(MarkKind.RESUME, at))
    lasts = before is not None and before.until is not None and before.until > at
    return again.with_mark(Mark(MarkKind.PAUSE, at, before.reason, until=before.until)) if before and lasts else again


def _ends_by_itself(run: ClockRun) -> bool:
    pause = pause_of(run)
    return pause is not None and pause.until is not None


def unpark(matter: Matter, doing: Doing) -> Matter:
    """Take a parked matter up again; a clock that stood still before it was parked still does."""
    return _going_again(matter, doing, PARKED).but(parked_until=None)


def moment(value: Any, name: str) -> datetime:
    """Return an aware time; raises EvidenceInvalid."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise EvidenceInvalid(name=name, reason=Reason("{value!r} is no time", value=value)) from error
    if found.tzinfo is None:
        raise EvidenceInvalid(name=name, reason=Reason("{value!r} has no offset such as +08:00", value=value))
    return found


# -- merged matters ---------------------------------------------------------------------------------------------------


def merge(matter: Matter, doing: Doing) -> Matter:
    """Make the matter follow another one: its clocks stand still, what waited for approval is asked for no more.

    What runs in an emergency runs on.
    """
    try:
        parent = str(UUID(str(doing.details.get("parent"))))
    except ValueError as error:
        reason = Reason("{value!r} is no event's id", value=doing.details.get("parent"))
        raise EvidenceInvalid(name="parent", reason=reason) from error
    return _all_still(matter, doing, MERGED).but(parent=parent, proposals=())


def unmerge(matter: Matter, doing: Doing) -> Matter:
    """Let the matter go its own way again; a clock that stood still before it was merged still does."""
    return _going_again(matter, doing, MERGED).but(parent="")


def follow(matter: Matter, doing: Doing) -> Matter:
    """End the matter with the one that it follows: no clock of it runs any more."""
    return _marked(matter, lambda run: True, lambda run: Mark(MarkKind.STOP, doing.at))


# -- what is noted ----------------------------------------------------------------------------------------------------


def urge(matter: Matter, doing: Doing) -> Matter:
    return matter.but(urged=matter.urged + 1)


def supervise(matter: Matter, doing: Doing) -> Matter:
    return matter.but(supervised=True)


def key_list(matter: Matter, doing: Doing) -> Matter:
    return matter.but(key_listed=True)


def settle(matter: Matter, doing: Doing) -> Matter:
    return matter.but(outcome="settled")


def withdraw(matter: Matter, doing: Doing) -> Matter:
    return matter.but(outcome="withdrawn")


def confirm(matter: Matter, doing: Doing) -> Matter:
    return matter.but(outcome="confirmed")


def transfer_out(matter: Matter, doing: Doing) -> Matter:
    return matter.but(outcome="transferred")


def rate(matter: Matter, doing: Doing) -> Matter:
    rating = doing.details.get("rating")
    if type(rating) is not int or not 1 <= rating <= 5:
        raise EvidenceInvalid(name="rating", reason=Reason("{value!r} is no whole number from 1 to 5", value=rating))
    return matter.but(rating=rating)


def triage(matter: Matter, doing: Doing) -> Matter:
    """Take category, handling type, complexity and amount from the details; what is not said stays.

    A new category brings its own handling type and complexity, unless others are named.
    """
    details, programme = doing.details, doing.programme
    changed: dict[str, Any] = {}
    for name in ("category", "handling", "complexity"):
        if name in details:
            codes = _codes_for(name, programme)
            if details[name] not in codes:
                raise EvidenceInvalid(name=name, reason=_none_of(repr(details[name]), codes))
            changed[name] = Complexity(details[name]) if name == "complexity" else details[name]
    if "category" in changed and changed["category"] != matter.category:
        category = next(found for found in programme.categories if found.code == changed["category"])
        own = {"handling": category.handling, "complexity": category.complexity}
        changed = {name: value for name, value in own.items() if value} | changed
    if "amount_yuan" in details:
        amount = details["amount_yuan"]
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount < MOST_YUAN:
            raise EvidenceInvalid(name="amount_yuan", reason=Reason("{value!r} is no amount", value=amount))
        changed["amount_yuan"] = float(amount)
    return matter.but(**changed)


def _none_of(value: str, known: tuple[str, ...]) -> Reason:
    return Reason("{value} is none of {known}", value=value, known=", ".join(known))


def _codes_for(name: str, programme: Programme) -> tuple[str, ...]:
    if name == "complexity":
        return Complexity.codes()
    return tuple(rule.code for rule in (programme.categories if name == "category" else programme.handling_types))


EFFECT = {
    effect.__name__: effect
    for effect in (
        own, give, assist, next_level, previous_level, bounce, blow, answer, pause, resume, extend, park, unpark, urge,
        supervise, key_list, settle, withdraw, rate, confirm, transfer_out, triage, merge, unmerge, follow,
    )
}  # fmt: skip
