"""``/desk``: one queue of all channels, the map beside it, and the matter in hand; all that it shows and does is the API's."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.actions.matters import DISTRICT_ZEROS
from geogrid.domain.clocks import Light
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.grids import Department
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.people import Role
from geogrid.domain.places import PlacePrecision
from geogrid.domain.programmes import PartyKind, Programme
from geogrid.store import events as stored_events
from geogrid.store import people
from geogrid.store.people_of_unit import stem_of
from geogrid.store.tables.events import steps
from layers.extent import own_extent
from layers.queue_filters import LONGEST_SEARCH
from layers.synthetic import holds_synthetic
from layers.unit_names import unit_names
from webmap.api.desk_orders import GIVERS
from webmap.api.desk_shifts import AT_DESKS
from webmap.desk_words import FLAGS, QUICK, keys, shown_keys, words
from webmap.headers import stream_origin
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor, mark
from webmap.officer import MAP_CSS, MAP_JS, TILES, TILES_JS
from webmap.reading import current_scope, reading
from webmap.roles import PLACERS, READERS, REPORTERS, roles
from webmap.staff_names import staff_name
from webmap.static_files import FOLDER

blueprint = Blueprint("desk", __name__)

NO_PARTY_OR_WORDS = frozenset({"party", "note", "reason"})  # what a step asks for that many matters can be told at once
TOWNSHIP_ZEROS = "000"
SHIFT_ROLES = (Role.DISPATCHER, Role.COMMANDER)  # who runs the desk, shift after shift
MOST_COLLEAGUES = 200


@blueprint.get("/desk")
@roles(READERS)
def page() -> str:
    """Send the desk; ``?event=`` selects one, the other fields are those of the queue's filter."""
    here = installation()
    with reading() as session:
        since = session.scalar(select(func.max(steps.c.id))) or 0
        reloads = stored_events.reloads(session)
        names = unit_names(session)
        colleagues = _colleagues(session)
        bounds = own_extent(session, current_scope().units, here.district.profile.centre_lonlat)
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    config = _config(names, colleagues) | {"since": since, "reloads": reloads, "bounds": bounds}
    return render_template(
        "desk.html",
        synthetic=synthetic,
        longest_search=LONGEST_SEARCH,
        config=config,
        keys=shown_keys(),
        has_map=(FOLDER / MAP_JS).is_file(),
        map_js=MAP_JS,
        map_css=MAP_CSS,
        tiles_js=TILES_JS if (FOLDER / TILES_JS).is_file() else "",
    )


def _config(names: dict[str, str], colleagues: list[dict[str, str]]) -> dict[str, Any]:
    here, actor = installation(), current_actor()
    profile, default, held = here.district.profile, here.district.programmes.default, actor.roles()
    return {
        "language": current_language(),
        "mark": mark(),
        "me": actor.id,
        "district": profile.name,
        "now": here.now().isoformat(),
        "timezone": profile.timezone,
        "stream": f"{stream_origin(here.settings.stream_port)}/stream",
        "tiles": TILES,
        "words": words(),
        "keys": keys(),
        "quick": [{"title": say(title), "query": query} for title, query in QUICK],
        "filters": {"fields": _fields(default, names), "flags": [{"name": n, "title": say(title)} for n, title in FLAGS]},
        "roles": sorted(role.value for role in held),
        "precisions": {one.value: label(one) for one in PlacePrecision},
        "bulk_steps": _bulk_steps(default, held),
        "parties": _parties(names),
        "colleagues": colleagues,
        "day_ends": _day_ends(default),
        "may_place": bool(held & PLACERS),
        "may_write": bool(held & REPORTERS),
        "may_order": bool(held & GIVERS),
        "may_log": bool(held & AT_DESKS),
        "order_to": _within(_parties(names)) if held & GIVERS else [],
    }


def _day_ends(programme: Programme) -> str:
    """Return when a working day ends, with the offset of the programme's zone today: what a day in a form means."""
    hours, minutes = divmod(programme.working_time.day_ends, 60)
    offset = installation().now().astimezone(ZoneInfo(programme.timezone)).isoformat()[-6:]
    return f"{hours:02d}:{minutes:02d}:00{offset}"


def _of(kind: type[LabelledEnum]) -> list[dict[str, str]]:
    return [{"code": one.value, "title": label(one)} for one in kind]


def _fields(programme: Programme, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the fields of the filter with their choices, in the words of the district's own programme."""
    language = current_language()

    def of_rules(rules: tuple[Any, ...]) -> list[dict[str, str]]:
        return [{"code": rule.code, "title": rule.title.text(language)} for rule in rules]

    townships = [{"code": code, "title": name} for code, name in names.items() if _is_township(code)]
    made = (
        ("light", "Light", _of(Light)),
        ("township", "Township or street", townships),
        ("channel", "Channel", _of(Channel)),
        ("kind", "Kind", _of(EventKind)),
        ("category", "Category", of_rules(programme.categories)),
        ("state", "State", of_rules(programme.states)),
        ("level", "Level", of_rules(programme.levels)),
        ("handling", "Handling type", of_rules(programme.handling_types)),
        ("owner", "Answers for it", _parties(names)),
    )
    return [{"name": name, "title": say(title), "choices": choices} for name, title, choices in made]


def _is_township(code: str) -> bool:
    return code.endswith(TOWNSHIP_ZEROS) and not code.endswith(DISTRICT_ZEROS)


def _parties(names: dict[str, str]) -> list[dict[str, str]]:
    """Return departments and units as parties, townships before villages."""
    units = sorted(names, key=lambda code: (not code.endswith(TOWNSHIP_ZEROS), code))
    departments = [{"party": f"department:{one.value}", "title": label(one)} for one in Department]
    found = [{"party": f"unit:{code}", "title": names[code]} for code in units] + departments
    return [{**one, "code": one["party"]} for one in found]


def _within(parties: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the units among ``parties`` that lie in the caller's own territory: to whom he may give an order."""
    scope = current_scope()
    stems = tuple(f"{PartyKind.UNIT}:{stem_of(unit)}" for unit in scope.units)
    of_unit = [one for one in parties if one["party"].startswith(f"{PartyKind.UNIT}:")]
    return of_unit if scope.whole else [one for one in of_unit if one["party"].startswith(stems)]


def _bulk_steps(programme: Programme, held: frozenset[Role]) -> list[dict[str, Any]]:
    """Return the steps that one may take of many at once: those of his roles that ask for no more than words or a party."""
    mine = (step for step in programme.steps if held & set(step.roles) and set(step.requires) <= NO_PARTY_OR_WORDS)
    noted = [{"code": "note", "title": say("Note"), "requires": ["note"]}] if held & REPORTERS else []
    return [{"code": s.code, "title": s.title.text(current_language()), "requires": list(s.requires)} for s in mine] + noted


def _colleagues(session: Session) -> list[dict[str, str]]:
    """Return who runs the desk beside oneself, to hand a shift over to; nobody to who runs no desk."""
    if not current_actor().roles() & set(SHIFT_ROLES):
        return []
    found = {
        one.id: one.name
        for role in SHIFT_ROLES
        for one in people.search(session, now=installation().now(), role=role, limit=MOST_COLLEAGUES)
        if one.disabled_at is None and not one.integration
    }
    return [
        {"party": f"person:{i}", "title": staff_name(name)} for i, name in found.items() if f"person:{i}" != current_actor().id
    ]
