"""What a refusal calls steps, states and roles: as the programme does, in the language of who reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from geogrid.domain.conditions import Title
from geogrid.domain.events import StepKind
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme
from geogrid.errors.family import Label, Reason, Reasons

KINDS = {kind.value: kind for kind in StepKind}


class Titled(str):
    """A title of a programme, told in the reader's language; as a text the title in English."""

    of: Title

    def __new__(cls, title: Title) -> Self:
        """Name what has the title."""
        self = super().__new__(cls, title.text("en"))
        self.of = title
        return self

    def words(self, language: str) -> str:
        """Return the title in a language."""
        return self.of.text(language)


def step_name(programme: Programme, code: str) -> str:
    """Return what the programme calls a step; of a step of every programme its label; a code that is neither as it is."""
    asked, _, own = code.rpartition("ask:")
    rule = programme.by_code["steps"].get(own if asked == "" else code)
    if rule is not None:
        return Titled(rule.title)
    return Label(KINDS[code]) if code in KINDS else code


def state_name(programme: Programme, code: str) -> str:
    """Return what the programme calls a state; a code that it does not know as it is."""
    rule = programme.by_code["states"].get(code)
    return Titled(rule.title) if rule is not None else code


def role_names(programme: Programme, roles: Iterable[Role]) -> Reasons:
    """Return what the programme calls some roles, one after another; the platform itself only where nobody else is among them."""
    held = tuple(roles)
    people = tuple(role for role in held if role is not Role.SYSTEM)
    titles = ((role, programme.role_title(role)) for role in people or held)
    return Reasons((Titled(title) if title else Label(role) for role, title in titles), ", ")


def evidence_names(names: Iterable[str]) -> Reasons:
    """Return the names of what a step asks for, in words where a catalogue has them."""
    return Reasons((Reason(name) for name in names), ", ")
