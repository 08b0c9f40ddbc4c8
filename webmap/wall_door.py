"""``/wall/enter?token=...``: a screen on a wall brings its token once; from then on a cookie carries it and no address does."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from geogrid.errors import AccessError
from geogrid.store import audit
from geogrid.store.session import session_scope
from webmap.installation import installation
from webmap.login import real_now, wall_cookie_name, wall_token
from webmap.roles import PUBLIC, roles

blueprint = Blueprint("wall_door", __name__)

LONGEST_TOKEN = 100


@blueprint.get("/wall/enter")
@roles(PUBLIC)
def enter() -> Response:
    """Take a good token into a cookie that lasts as long as it does, and go on to the map; 401 for any other."""
    secret, here = request.args.get("token", "")[:LONGEST_TOKEN], installation()
    with session_scope(here.engine) as session:
        found = wall_token(session, secret) if secret else None
        if found is None:
            raise AccessError(where={"path": request.path})
        told = {"object_kind": "wall_token", "object_id": found.name, "address": request.remote_addr or ""}
        audit.write(session, actor=f"wall:{found.name}", action="wall_token.enter", now=here.now(), **told)
    response = redirect("/", 303)
    lasts_s = int((found.expires_at - real_now()).total_seconds())
    response.set_cookie(
        wall_cookie_name(), secret, max_age=lasts_s, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
