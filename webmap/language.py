"""The language of a request: ``?lang=``, else the cookie, else Accept-Language, else the installation's own."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, request

from geogrid.domain.labelled import LabelledEnum
from geogrid.texts import languages, translate

COOKIE = "lang"
SPOKEN = {"text/html", "application/json", "application/geo+json"}
A_YEAR_S = 365 * 24 * 3600


def current_language() -> str:
    """Return the language of the current request, one of ``geogrid.texts.languages()``; worked out once a request."""
    if "language" not in g:
        g.language = _choose()
    return str(g.language)


def _choose() -> str:
    known = languages()
    for asked in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if asked in known:
            return str(asked)
    return request.accept_languages.best_match(known) or g.get("default_language") or known[0]


def say(message: str, **values: Any) -> str:
    """Return ``message`` in the request's language with ``values`` filled in."""
    return translate(message, current_language()).format_map(values) if values else translate(message, current_language())


def label(member: LabelledEnum) -> str:
    """Return the label of an enum's member in the request's language."""
    return translate(member.label, current_language(), type(member).__name__)


def install_language(app: Flask, default_language: str) -> None:
    """Give templates ``say``, ``label``, ``language`` and ``languages``; remember a language asked for by ``?lang=``."""

    @app.before_request
    def state_default() -> None:
        g.default_language = default_language

    @app.context_processor
    def words() -> dict[str, Any]:
        return {"say": say, "label": label, "language": current_language(), "languages": languages()}

    @app.after_request
    def remember(response: Response) -> Response:
        asked = request.args.get("lang")
        if asked in languages() and request.cookies.get(COOKIE) != asked:
            response.set_cookie(COOKIE, str(asked), max_age=A_YEAR_S, samesite="Lax", httponly=True)
        if response.mimetype in SPOKEN:
            response.headers["Content-Language"] = current_language()
            response.vary.update(["Accept-Language", "Cookie"])
        return response
