"""``/officer``: report an event from a phone."""

from __future__ import annotations

from flask import Blueprint, render_template

from geogrid.domain.events import EventKind
from webmap.installation import installation
from webmap.roles import Role, roles

blueprint = Blueprint("officer", __name__)


@blueprint.get("/officer")
@roles(Role.PUBLIC)
def page() -> str:
    """Return the page; it holds no data of the district, and sends with the token of its link's fragment."""
    return render_template("officer.html", kinds=list(EventKind), synthetic=installation().district.profile.synthetic)
