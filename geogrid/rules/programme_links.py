"""What the parts of a programme say of one another: every code that is used must be one that stands in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geogrid.domain.clocks import Audience, ClockCalendar, ClockRule, DurationUnit, Phase
from geogrid.domain.conditions import When
from geogrid.domain.events import Channel, EventState
from geogrid.domain.programmes import BUILT_IN_STEPS, EFFECTS, FIELD_KINDS, Programme, StepRule
from geogrid.errors.family import Reason
from geogrid.rules.notices import OF_MATTERS, QUIET_SETTING, quiet_hours, unfit
from geogrid.rules.reading import OddValue
from geogrid.rules.toml_lines import Path

Broken = tuple[Path, Reason]
SOURCES = ("owner", "territory")
TIERS = 3
CODED = (
    "roles", "levels", "handling_types", "channels", "categories", "states", "steps", "clocks", "pauses", "notices", "forms",
)  # fmt: skip
UNITS = {
    ClockCalendar.NATURAL: {DurationUnit.MINUTE, DurationUnit.HOUR, DurationUnit.DAY, DurationUnit.LEGAL_DAY},
    ClockCalendar.EMERGENCY: {DurationUnit.MINUTE, DurationUnit.HOUR},
    ClockCalendar.WORKING_HOURS: {DurationUnit.WORKING_HOUR},
    ClockCalendar.WORKING_DAYS: {DurationUnit.WORKING_DAY},
}


def broken_links(programme: Programme) -> list[Broken]:
    """Return (path, reason) of everything that names nothing, stands twice, or does not fit what it belongs to."""
    return [
        *_twice(programme),
        *_of_beginning(programme),
        *_of_responsibility(programme),
        *_of_forms(programme),
        *_of_categories(programme),
        *_of_steps(programme),
        *(found for i, clock in enumerate(programme.clocks) for found in _of_clock(programme, clock, ("clocks", i))),
        *_of_pauses(programme),
        *_of_notices(programme),
        *(found for i, rule in enumerate(programme.triage) for found in _of_when(programme, rule.when, ("triage", i, "when"))),
    ]


def _twice(programme: Programme) -> Iterator[Broken]:
    for kind in CODED:
        seen = set[str]()
        for i, rule in enumerate(getattr(programme, kind)):
            if rule.code in seen:
                yield (kind, i, "code"), Reason("{code} stands twice", code=rule.code)
            seen.add(rule.code)
    for kind in ("levels", "states", "steps", "categories"):
        if not getattr(programme, kind):
            yield (kind,), Reason("there are no {kind}", kind=kind)


def _unknown(codes: Iterable[str], known: Iterable[str], path: Path) -> Iterator[Broken]:
    there = set(known)
    for code in codes:
        if code and code not in there:
            yield path, Reason("{code} is none of {known}", code=code, known=", ".join(sorted(there)))


def _codes(rules: Iterable[object]) -> list[str]:
    return [rule.code for rule in rules]  # type: ignore[attr-defined]


def _of_beginning(programme: Programme) -> Iterator[Broken]:
    for i, channel in enumerate(programme.channels):
        yield from _unknown([channel.code], Channel.codes(), ("channels", i, "code"))
    if programme.states and programme.first_state.stage is not EventState.REPORTED:
        yield ("states", 0, "stage"), Reason("the first state is where matters begin: its stage is reported")


def _of_responsibility(programme: Programme) -> Iterator[Broken]:
    responsibility, path = programme.responsibility, ("responsibility",)
    for key in ("component", "event"):
        order = getattr(responsibility, key)
        yield from _unknown(order, SOURCES, (*path, key))
        if sorted(order) != sorted(set(order)) or not order:
            says = "the order of search names each of {sources} once at most, and one of them"
            yield (*path, key), Reason(says, sources=", ".join(SOURCES))
    yield from _unknown([responsibility.whistle], _codes(programme.clocks), (*path, "whistle"))
    if len(responsibility.tiers) not in {0, TIERS}:
        yield (*path, "tiers"), Reason("a side names {count} people: head, deputy in charge, handler", count=TIERS)
    if responsibility.bounces_alarm < 1:
        yield (*path, "bounces_alarm"), Reason("the alarm is raised from 1 return on")
    blows = [step for step in programme.steps if "blow" in step.does]
    if blows and not responsibility.whistle:
        yield path, Reason("{step} blows a whistle: name its clock as whistle", step=blows[0].code)


def _of_forms(programme: Programme) -> Iterator[Broken]:
    for i, form in enumerate(programme.forms):
        for j, entry in enumerate(form.fields):
            path: Path = ("forms", i, "fields", j)
            yield from _unknown([entry.kind], FIELD_KINDS, (*path, "kind"))
            if (entry.kind == "choice") != bool(entry.choices):
                yield path, Reason("{field}: a choice has choices, nothing else has", field=entry.code)
        if len({entry.code for entry in form.fields}) < len(form.fields):
            yield ("forms", i, "fields"), Reason("a field of {form} stands twice", form=form.code)


def _of_categories(programme: Programme) -> Iterator[Broken]:
    known, handling = _codes(programme.categories), _codes(programme.handling_types)
    for i, category in enumerate(programme.categories):
        yield from _unknown([category.parent], known, ("categories", i, "parent"))
        yield from _unknown([category.handling], handling, ("categories", i, "handling"))


def _of_when(programme: Programme, when: When, path: Path) -> Iterator[Broken]:
    yield from _unknown(when.handling, _codes(programme.handling_types), path)
    yield from _unknown(when.categories, _codes(programme.categories), path)
    yield from _unknown(when.levels, _codes(programme.levels), path)
    yield from _unknown(when.channels, _codes(programme.channels), path)


def _of_steps(programme: Programme) -> Iterator[Broken]:
    states, steps, forms = _codes(programme.states), _codes(programme.steps), _codes(programme.forms)
    for i, step in enumerate(programme.steps):
        path: Path = ("steps", i)
        yield from _unknown(step.from_states, states, (*path, "from"))
        yield from _unknown([step.to], states, (*path, "to"))
        yield from _unknown(step.not_by, steps, (*path, "not_by"))
        yield from _unknown([step.form], forms, (*path, "form"))
        yield from _unknown(step.does, EFFECTS, (*path, "does"))
        yield from _of_when(programme, step.when, (*path, "when"))
        yield from _odd_step(step, path)


def _odd_step(step: StepRule, path: Path) -> Iterator[Broken]:
    if step.code in BUILT_IN_STEPS:
        yield (*path, "code"), Reason("{step} is built in", step=step.code)
    if not step.roles:
        yield path, Reason("nobody may take this step: roles is missing")
    if not step.from_states:
        yield (*path, "from"), Reason("the step is possible in no state")


def _of_clock(programme: Programme, clock: ClockRule, path: Path) -> Iterator[Broken]:
    steps = [*_codes(programme.steps), *BUILT_IN_STEPS]
    for key in ("starts_on", "stops_on"):
        codes = getattr(clock, key)
        yield from _unknown(codes, steps, (*path, key))
        if not codes:
            yield (*path, key), Reason("a clock needs at least one step here")
    yield from _unknown(clock.pauses, _codes(programme.pauses), (*path, "pauses"))
    yield from _unknown([clock.time_out_step], _codes(programme.steps), (*path, "time_out_step"))
    for limit in clock.limits:
        yield from _of_when(programme, limit.when, (*path, "limits"))
    yield from _odd_times(clock, path)
    yield from _odd_lights(clock, path)


def _odd_times(clock: ClockRule, path: Path) -> Iterator[Broken]:
    if not clock.limits:
        yield (*path, "limits"), Reason("a clock needs a limit")
    lengths = [length for limit in clock.limits for length in (limit.promised, limit.legal) if length]
    if any(length.unit not in UNITS[clock.calendar] or length.amount < 1 for length in lengths):
        fitting = ", ".join(sorted(unit.value for unit in UNITS[clock.calendar]))
        says = "limits of a clock in {calendar} are at least 1 of {units}"
        yield (*path, "limits"), Reason(says, calendar=clock.calendar.value, units=fitting)
    if len({limit.promised.unit for limit in clock.limits}) > 1:
        says = "all promised limits of a clock are in one unit, so that thresholds and extensions fit each"
        yield (*path, "limits"), Reason(says)
    for limit in clock.limits:
        if limit.legal and limit.legal.unit is limit.promised.unit and limit.legal.amount < limit.promised.amount:
            says = "{promised} is promised where the law allows {legal}"
            yield (*path, "limits"), Reason(says, promised=str(limit.promised), legal=str(limit.legal))
    everything = [i for i, limit in enumerate(clock.limits) if limit.when == When()]
    if everything and everything[0] < len(clock.limits) - 1:
        says = "limit {number} is for every matter: those after it never hold"
        yield (*path, "limits"), Reason(says, number=everything[0] + 1)
    yield from _odd_additions(clock, clock.limits[0].promised.unit if clock.limits else None, path)


def _odd_additions(clock: ClockRule, unit: DurationUnit | None, path: Path) -> Iterator[Broken]:
    codes = _codes(clock.thresholds)
    if len(set(codes) | {*Phase.codes()}) < len(codes) + len(Phase):
        says = "a threshold's code stands twice, or is one of {phases}"
        yield (*path, "thresholds"), Reason(says, phases=", ".join(Phase.codes()))
    for threshold in clock.thresholds:
        if (threshold.left is None) == (threshold.share is None):
            yield (*path, "thresholds"), Reason("{threshold}: either left or share", threshold=threshold.code)
        if threshold.left and threshold.left.unit is not unit and not _both_natural(threshold.left.unit, unit):
            says = "{threshold}: left is in {left}, the limit in {unit}"
            yield (*path, "thresholds"), Reason(says, threshold=threshold.code, left=threshold.left.unit.value, unit=unit)
        if threshold.share is not None and not 0.0 < threshold.share < 1.0:
            yield (*path, "thresholds"), Reason("{threshold}: share lies between 0 and 1", threshold=threshold.code)
    if clock.extension and clock.extension.most.unit is not unit:
        yield (*path, "extension"), Reason("an extension is counted in the unit of the limit, {unit}", unit=unit)
    if clock.extension and not clock.extension.approvers:
        yield (*path, "extension"), Reason("approvers is empty: nobody could ever extend")
    if clock.pauses and clock.calendar is ClockCalendar.EMERGENCY:
        yield (*path, "pauses"), Reason("an emergency is never paused")


def _both_natural(one: DurationUnit, other: DurationUnit | None) -> bool:
    return {one, other} <= {DurationUnit.MINUTE, DurationUnit.HOUR}


def _odd_lights(clock: ClockRule, path: Path) -> Iterator[Broken]:
    phases = {*Phase.codes(), *(threshold.code for threshold in clock.thresholds)}
    for audience in Audience:
        lights = clock.lights.get(audience, {})
        for phase in sorted(phases - lights.keys()):
            yield (*path, "lights", audience.value), Reason("no light for {phase}", phase=phase)
        for phase in sorted(lights.keys() - phases):
            yield (*path, "lights", audience.value), Reason("{phase} is no phase of this clock", phase=phase)


def _of_pauses(programme: Programme) -> Iterator[Broken]:
    for i, pause in enumerate(programme.pauses):
        if pause.longest is not None and pause.longest.amount < 1:
            yield ("pauses", i, "longest"), Reason("the longest length of a pause is at least 1")


def _of_notices(programme: Programme) -> Iterator[Broken]:
    phases = {f"clock:{c.code}:{p}" for c in programme.clocks for p in (*Phase.codes(), *_codes(c.thresholds))}
    occasions = {f"step:{code}" for code in (*_codes(programme.steps), *BUILT_IN_STEPS)} | phases | {*OF_MATTERS}
    wanted = ", ".join(OF_MATTERS)
    for i, notice in enumerate(programme.notices):
        if notice.on not in occasions:
            says = "{on} is no step:<code>, no clock:<code>:<phase> of this programme, no {wanted}"
            yield ("notices", i, "on"), Reason(says, on=notice.on, wanted=wanted)
        if not notice.to:
            yield ("notices", i, "to"), Reason("nobody is told")
        for reason in unfit(notice):
            yield ("notices", i), reason
    try:
        quiet_hours(programme)
    except OddValue as error:
        yield ("settings", QUIET_SETTING), error.reason
