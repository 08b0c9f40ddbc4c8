"""Units, people and programmes as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Row

from geogrid.domain.clocks import ClockRule, Limit, Phase
from geogrid.domain.conditions import When
from geogrid.domain.masking import mask_name, mask_phone, mask_text
from geogrid.domain.people import Post, Role
from geogrid.domain.places import Level
from geogrid.domain.programmes import Programme, StepRule
from geogrid.store.people import Person
from webmap.language import current_language, label


class UnitBody(BaseModel):
    """A unit: a district, a township, a village."""

    code: str
    name: str
    level: Level
    kind: str
    parent: str | None
    bbox: list[float] = Field(description="west, south, east, north in degrees, CGCS2000")


class UnitsBody(BaseModel):
    """A page of units."""

    units: list[UnitBody]
    links: dict[str, str]


class PostBody(BaseModel):
    """A role, held for a unit, a department or a station."""

    role: Role
    title: str
    unit: str
    department: str
    station: str
    team: str


class PersonBody(BaseModel):
    """A person with an account."""

    id: str
    name: str = Field(description="masked for all but administrators")
    phone: str = Field(description="masked; empty for all but administrators")
    email: str = Field(description="masked; empty for all but administrators")
    posts: list[PostBody]
    disabled: bool
    integration: bool = Field(description="a program with a key, no person")
    synthetic: bool = Field(description="made up")


class PeopleBody(BaseModel):
    """A page of people."""

    people: list[PersonBody]
    links: dict[str, str]


class ProgrammeLine(BaseModel):
    """A programme in the list."""

    code: str
    version: int
    title: str
    default: bool = Field(description="whether events are opened under it that nobody gives to another")


class ProgrammesBody(BaseModel):
    """The programmes in use."""

    programmes: list[ProgrammeLine]


def unit_body(row: Row) -> dict[str, Any]:
    """Return a unit."""
    told = {"code": row.code, "name": row.name, "level": row.level, "kind": row.kind, "parent": row.parent_code}
    return {**told, "bbox": [row.west, row.south, row.east, row.north]}


def person_body(person: Person, *, unmasked: bool) -> dict[str, Any]:
    """Return a person; the name whole where ``unmasked``, which shows masked contacts too."""
    return {
        "id": str(person.id),
        "name": person.name if unmasked else mask_name(person.name),
        "phone": mask_phone(person.phone) if unmasked else "",
        "email": mask_text(person.email) if unmasked else "",
        "posts": [_post(post) for post in person.posts],
        "disabled": person.disabled_at is not None,
        "integration": person.integration,
        "synthetic": person.synthetic,
    }


def _post(post: Post) -> dict[str, str]:
    place = {"unit": post.unit, "department": post.department, "station": post.station, "team": post.team}
    return {"role": post.role.value, "title": label(post.role), **place}


# -- programmes -------------------------------------------------------------------------------------------------------


def programme_line(programme: Programme, *, is_default: bool) -> dict[str, Any]:
    """Return a programme as it stands in a list."""
    title = programme.title.text(current_language())
    return {"code": programme.code, "version": programme.version, "title": title, "default": is_default}


def programme_body(programme: Programme) -> dict[str, Any]:
    """Return a programme's levels, handling types, categories, states, steps, clocks and pauses."""
    language = current_language()
    stage = {state.code: {"stage": state.stage.value, "final": state.final} for state in programme.states}
    return {
        "code": programme.code,
        "version": programme.version,
        "title": programme.title.text(language),
        "timezone": programme.timezone,
        "calendar": programme.calendar,
        "levels": [_titled(level) | {"unit": level.unit.value} for level in programme.levels],
        "handling_types": [_titled(one) for one in programme.handling_types],
        "categories": [_titled(one) | {"parent": one.parent, "kind": one.kind.value} for one in programme.categories],
        "states": [_titled(state) | stage[state.code] for state in programme.states],
        "steps": [_step(step, programme) for step in programme.steps],
        "clocks": [_clock(clock) for clock in programme.clocks],
        "pauses": [
            _titled(pause)
            | {"approver": pause.approver and pause.approver.value, "requires": list(pause.requires)}
            | {"longest": str(pause.longest) if pause.longest else None}
            for pause in programme.pauses
        ],
    }


def _titled(rule: Any) -> dict[str, Any]:
    return {"code": rule.code, "title": rule.title.text(current_language())}


def _step(step: StepRule, programme: Programme) -> dict[str, Any]:
    return _titled(step) | {
        "kind": step.kind.value,
        "from": list(step.from_states),
        "to": step.to,
        "roles": [_role(role, programme) for role in step.roles],
        "requires": list(step.requires),
        "not_by": list(step.not_by),
        "approver": _role(step.approver, programme) if step.approver else None,
        "within": str(step.within) if step.within else None,
        "when": _when(step.when),
        "does": list(step.does),
        "form": step.form,
    }


def _role(role: Role, programme: Programme) -> dict[str, str]:
    """Return a role by the name that it has in the place."""
    here = programme.role_title(role)
    return {"code": role.value, "title": here.text(current_language()) if here else label(role)}


def _clock(clock: ClockRule) -> dict[str, Any]:
    titles = {threshold.code: threshold.title.text(current_language()) for threshold in clock.thresholds}
    return _titled(clock) | {
        "calendar": {"code": clock.calendar.value, "title": label(clock.calendar)},
        "starts_on": list(clock.starts_on),
        "stops_on": list(clock.stops_on),
        "limits": [_limit(limit) for limit in clock.limits],
        "thresholds": [
            {"code": one.code, "title": titles[one.code], "left": str(one.left) if one.left else None, "share": one.share}
            for one in clock.thresholds
        ],
        "lights": {
            audience.value: [
                {"phase": phase, "title": titles.get(phase) or label(Phase(phase)), "light": light.value, "says": label(light)}
                for phase, light in lights.items()
            ]
            for audience, lights in clock.lights.items()
        },
        "pauses": list(clock.pauses),
        "extension": {"most": str(clock.extension.most), "approvers": [role.value for role in clock.extension.approvers]}
        if clock.extension
        else None,
        "time_out": {"code": clock.time_out.value, "title": label(clock.time_out), "step": clock.time_out_step},
    }


def _limit(limit: Limit) -> dict[str, Any]:
    return {"promised": str(limit.promised), "legal": str(limit.legal) if limit.legal else None, "when": _when(limit.when)}


def _when(when: When) -> dict[str, Any]:
    """Return the conditions that are asked; an empty object asks nothing."""
    lists = {
        "handling": when.handling,
        "categories": when.categories,
        "levels": when.levels,
        "complexities": [one.value for one in when.complexities],
        "channels": when.channels,
    }
    amount = {"amount_yuan": list(when.amount_yuan)} if when.amount_yuan != (None, None) else {}
    return {name: list(codes) for name, codes in lists.items() if codes} | amount
