"""How a code to follow a matter by is made, written and read; what of a matter the public is told, and may do by a code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from geogrid.domain.clocks import Audience, Light
from geogrid.domain.conditions import Title
from geogrid.domain.events import EventState, StepKind
from geogrid.domain.matters import Matter
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme, StepRule
from geogrid.errors import FollowCodeInvalid
from geogrid.rules.workflow import possible

# Crockford's alphabet: no letter that is taken for a digit; 32 characters, so that ten of them are 50 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 10, 5
MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})
PARTED = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
LEAST_DIFFERENT = 3  # a source of random characters misses this once in two thousand million codes
# What somebody outside may do by himself; to pick a mediator or to consent is done in person.
BY_CODE = frozenset({"urge", "rate", "withdraw"})
# The same where the code came from who handles the matter: to rate his own work or to end it is not his.
BY_CODE_OF_HANDLER = frozenset({"urge"})
WORK = frozenset({StepKind.TAKE_ON, StepKind.HANDLE, StepKind.MEDIATE, StepKind.SETTLE})


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


def read_number(typed: str) -> str:
    """Return the number of a matter that was typed, however it was: full width, parted by spaces or dashes."""
    return PARTED.sub("", unicodedata.normalize("NFKC", typed))


def checked_code(sent: str) -> str:
    """Return the code that the sender of a report made, as ``read_code`` will read it.

    Nothing but spaces and dashes is left out, so that what he shows is what is kept. That it was drawn at random cannot be seen;
    what plainly was not (one or two characters, a row of the alphabet) is refused.

    Raises
    ------
    FollowCodeInvalid
        for another length, another character, or a code that nobody drew
    """
    code = PARTED.sub("", unicodedata.normalize("NFKC", sent)).upper().translate(MEANT)
    fits = len(code) == LENGTH and set(code) <= set(ALPHABET)
    if not fits or len(set(code)) < LEAST_DIFFERENT or _is_a_row(code):
        raise FollowCodeInvalid(length=LENGTH, alphabet=ALPHABET, where={"path": "follow_code"})
    return code


def _is_a_row(code: str) -> bool:
    places = [ALPHABET.index(char) for char in code]
    return len({(after - before) % len(ALPHABET) for before, after in pairwise(places)}) == 1


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


def handles(programme: Programme, matter: Matter, actor: str) -> bool:
    """Whether ``actor`` ("person:<uuid>", "key:<name>") does the work of a matter: it is his, or he took a step of the work."""
    if not actor:
        return False
    if actor in {str(party) for party in matter.parties()}:
        return True
    work = {step.code for step in programme.steps if step.kind in WORK}
    return any(taken.actor == actor and taken.step.removeprefix("ask:") in work for taken in matter.taken)


def citizens_steps(programme: Programme, matter: Matter, *, given_by: str = "") -> tuple[StepRule, ...]:
    """Return the steps that a citizen may take with a code alone: those the programme gives to citizens, of ``BY_CODE``.

    ``given_by`` is who made the code or saw it made: of who handles the matter it serves to look and to urge.
    """
    by_code = BY_CODE_OF_HANDLER if handles(programme, matter, given_by) else BY_CODE
    return tuple(step for step in possible(programme, matter) if Role.CITIZEN in step.roles and by_code & set(step.does))


def public_light(lights: list[tuple[bool, dict[Audience, Light]]]) -> Light:
    """Return the public's colour of a matter from (runs, lights) of its clocks: the most alarming that runs, else the last's."""
    alarming = (Light.RED, Light.AMBER, Light.GREEN, Light.GREY)
    running = [told[Audience.PUBLIC] for runs, told in lights if runs]
    if running:
        return min(running, key=alarming.index)
    return lights[-1][1][Audience.PUBLIC] if lights else Light.GREY
