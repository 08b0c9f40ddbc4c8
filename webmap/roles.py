"""Who may use which route. Every route names its roles; one that names none is refused and fails a repository test."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask, request

from geogrid.errors import AccessError, BodyTooLarge, MethodNotAllowed, RequestInvalid
from webmap.installation import installation
from webmap.token import carries_token

View = TypeVar("View", bound=Callable)

KB = 1024
MOST_BODY_BYTES = 64 * KB


class Role(StrEnum):
    """What a route asks of its caller."""

    PUBLIC = "public"  # anybody: static files, health, the pages' frames
    READ = "read"  # readers of the district; until accounts exist, everybody who reaches the loopback address
    WRITE = "write"  # who carries the write token


# Routes that Flask makes itself.
ROLES_OF_ENDPOINTS: dict[str, Role] = {}


def roles(role: Role, *, most_body_bytes: int = MOST_BODY_BYTES) -> Callable[[View], View]:
    """Return a decorator that names the role a view asks for and the largest body it takes. It stands next to the function."""

    def name(view: View) -> View:
        view.role = role  # type: ignore[attr-defined]
        view.most_body_bytes = most_body_bytes  # type: ignore[attr-defined]
        return view

    return name


def whole_body() -> bytes:
    """Return the body of the current request; raises BodyTooLarge.

    A body sent in chunks, without a length, is read up to the limit and would be cut there without a word.
    """
    data = request.get_data()
    most = request.max_content_length or MOST_BODY_BYTES
    if request.content_length is None and len(data) >= most:
        raise BodyTooLarge(most_kb=most // KB)
    return data


def role_of(app: Flask, endpoint: str) -> Role | None:
    """Return the role that the route ``endpoint`` of ``app`` names, None where it names none."""
    found = getattr(app.view_functions.get(endpoint), "role", None)
    return found or ROLES_OF_ENDPOINTS.get(endpoint)


def install_roles(app: Flask) -> None:
    """Check the role, the method and the size of the body before every request."""

    @app.before_request
    def check() -> None:
        if "\x00" in request.path or "%00" in request.query_string.decode("latin-1"):
            raise RequestInvalid(name="U+0000", reason="not storable", where={"path": "U+0000"})
        if request.endpoint is None:
            return
        view = app.view_functions[request.endpoint]
        most = getattr(view, "most_body_bytes", MOST_BODY_BYTES)
        request.max_content_length = most
        if (request.content_length or 0) > most:
            raise BodyTooLarge(most_kb=most // KB)
        _admit(role_of(app, request.endpoint))


def _admit(role: Role | None) -> None:
    if role is None:
        raise AccessError(where={"path": request.path})
    writes = request.method not in {"GET", "HEAD", "OPTIONS"}
    if writes and role is not Role.WRITE:
        raise MethodNotAllowed(method=request.method, possible="GET, HEAD")
    if role is Role.WRITE and not carries_token(request.headers.get("Authorization"), installation().token):
        raise AccessError(where={"path": request.path})
