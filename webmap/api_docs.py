"""The description of the API and its page, served from here."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import flask_openapi_swagger
from flask import Blueprint, Response, current_app, jsonify, render_template
from flask_openapi import OpenAPI

from webmap.roles import PUBLIC, roles
from webmap.static_files import send_from

ABOUT = (
    "Report events, ask which grid has a place and why. Writes need the token of this installation "
    "(`Authorization: Bearer ...`); a report's `id` is made by the client and makes sending it again harmless."
)
SWAGGER = Path(flask_openapi_swagger.__file__).parent / "templates" / "swagger"

blueprint = Blueprint("api_docs", __name__, url_prefix="/api/v1")


@blueprint.get("/openapi.json")
@roles(PUBLIC)
def description() -> Response:
    """Return the OpenAPI description."""
    return jsonify(cast(OpenAPI, current_app).api_doc)


@blueprint.get("/docs")
@roles(PUBLIC)
def page() -> str:
    """Return the page that shows the description and lets one try it."""
    return render_template("docs.html")


@blueprint.get("/docs/assets/<path:filename>")
@roles(PUBLIC)
def assets(filename: str) -> Response:
    """Return a file of the documentation page, out of the installed package."""
    return send_from(SWAGGER, filename)
