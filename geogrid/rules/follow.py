"""How a code to follow a matter by is made, written and read; and what of a matter the public is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from geogrid.domain.clocks import Audience, Light
from geogrid.domain.conditions import Title
from geogrid.domain.events import EventState
from geogrid.domain.matters import Matter
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme, StepRule
from geogrid.rules.workflow import possible

# Crockford's alphabet: no letter that is taken for a digit; 32 characters, so that ten of them are 50 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 10, 5
MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})
# What somebody outside may do by himself; to pick a mediator or to consent is done in person.
BY_CODE = frozenset({"urge", "rate", "withdraw"})


def make_code(choose: Callable[[str], str]) -> str:
    """Return a new code; ``choose`` picks a character of a text at random, unforeseeable."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def written(code: str) -> str:
    """Return a code as it is printed: ``K7Q2M-4XH9T``."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def read_code(typed: str) -> str:
    """Return the code that was typed, however it was: small letters, full width, spaces, dashes, O for 0."""
    plain = unicodedata.normalize("NFKC", typed).upper().translate(MEANT)
    return "".join(char for char in plain if char in ALPHABET)[: LENGTH + 1]


@dataclass(frozen=True)
class PublicStage:
    """A stage on the public's way: its state's title, when it was reached (None: not yet), whether it is the present one."""

    stage: EventState
    title: Title
    reached_at: datetime | None
    is_here: bool


def public_way(programme: Programme, matter: Matter) -> tuple[PublicStage, ...]:
    """Return the stages of a matter as the public sees them: nothing of who did what, nor of ways that were gone back."""
    now_at = programme.state(matter.state)
    titles: dict[EventState, Title] = {}
    for state in programme.states:
        titles.setdefault(state.stage, state.title)
    here = list(titles).index(now_at.stage)
    reached: dict[EventState, datetime] = {}
    for taken in matter.taken:
        stage = programme.state(taken.state).stage
        if stage in titles and list(titles).index(stage) <= here:
            reached.setdefault(stage, taken.at)
    return tuple(
        PublicStage(stage, now_at.title if stage is now_at.stage else title, reached.get(stage), stage is now_at.stage)
        for stage, title in titles.items()
    )


def citizens_steps(programme: Programme, matter: Matter) -> tuple[StepRule, ...]:
    """Return the steps that a citizen may take with a code alone: those the programme gives to citizens, of ``BY_CODE``."""
    return tuple(step for step in possible(programme, matter) if Role.CITIZEN in step.roles and BY_CODE & set(step.does))


def public_light(lights: list[tuple[bool, dict[Audience, Light]]]) -> Light:
    """Return the public's colour of a matter from (runs, lights) of its clocks: the most alarming that runs, else the last's."""
    alarming = (Light.RED, Light.AMBER, Light.GREEN, Light.GREY)
    running = [told[Audience.PUBLIC] for runs, told in lights if runs]
    if running:
        return min(running, key=alarming.index)
    return lights[-1][1][Audience.PUBLIC] if lights else Light.GREY
