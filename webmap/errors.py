"""The one table from exceptions to HTTP statuses, and the one form of every refusal.

``{"code", "message", "where", "retry"}``, in the language of the request, under the status of the table; for browsers
that asked for a page, the same on a page. Nothing here shows a trace.
"""

from __future__ import annotations

import errno
import logging
import shutil
import traceback
from typing import Any

import psycopg
from flask import Flask, Response, current_app, jsonify, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from geogrid import errors
from geogrid.errors.family import Reason
from geogrid.store.cluster import cluster_home
from webmap.installation import EXTENSION
from webmap.language import current_language
from webmap.pages import wants_page

RETRY_AFTER_S = 5
UNFORESEEN = "{path} could not be answered, and nothing was stored. Try again; if it stays, tell who runs the platform"
JSON = "application/json"
FULL = {errno.ENOSPC, errno.EDQUOT}
FULL_BELOW_BYTES = 40_000_000  # with less than two segments of its write-ahead log the private cluster ends
# What no column can hold: numbers and times out of range, characters of no text; None: the driver refused to send it (U+0000).
NOT_STORABLE = {None, "22003", "22008", "22021", "22P05"}

# A class not named here has the status of its nearest ancestor that is.
STATUS: dict[type[errors.GeogridError], int] = {
    errors.GeogridError: 500,
    errors.InputError: 422,
    errors.CoordText: 400,
    errors.JsonError: 400,
    errors.RequestInvalid: 400,
    errors.BodyTooLarge: 413,
    errors.GeometryTooLarge: 413,
    errors.MediaTypeUnsupported: 415,
    errors.MethodNotAllowed: 405,
    errors.PhotoTooLarge: 413,
    errors.PhotoType: 415,
    errors.PhotosTooMany: 409,
    errors.ConflictError: 409,
    errors.NotFoundError: 404,
    errors.AccessError: 401,
    errors.AccessForbidden: 403,
    errors.RoleMissing: 403,
    errors.SamePerson: 403,
    errors.CaseSamePerson: 403,
    errors.ListSamePerson: 403,
    errors.ForgeryGuard: 403,
    errors.FollowRefused: 403,
    errors.FollowByHandler: 403,
    errors.HandlerGivesNoCode: 403,
    errors.CarrierError: 502,
    errors.ClockEndless: 503,
    errors.CountsUnreconciled: 503,
    errors.ClockMarksBroken: 409,
    errors.SetupError: 503,
    errors.IndicatorsInvalid: 503,
    errors.UnavailableError: 503,
    errors.TooManyRequests: 429,
    errors.StorageFull: 507,
    errors.CountsUnreconciled: 503,
}

# What the framework refuses by itself, in words that the catalogues know: its own are English only.
SAID = {
    400: "it is not well formed",
    408: "it took too long to arrive",
    411: "it does not say how long its body is",
    414: "its address is too long",
    431: "its headers are too long",
}

log = logging.getLogger(__name__)


def status_of(error: errors.GeogridError) -> int:
    """Return the HTTP status of ``error``: that of its class, or of its nearest ancestor in the table."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def error_body(error: errors.GeogridError, language: str) -> dict[str, Any]:
    """Return the one form of every refusal."""
    return {"code": error.code, "message": error.message(language), "where": error.where, "retry": error.retry}


def error_response(error: errors.GeogridError, status: int | None = None) -> Response:
    """Return the answer for ``error``: JSON, or a page for a browser that asked for one."""
    status = status or status_of(error)
    body = error_body(error, current_language())
    body["where"] = body["where"] or {"path": request.path}
    response = Response(render_template("error.html", status=status, error=body)) if wants_page() else jsonify(body)
    response.status_code = status
    if status in {429, 503, 507}:
        response.headers["Retry-After"] = str(error.values.get("wait_s", RETRY_AFTER_S))
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="geogrid"'
    return response


def install_errors(app: Flask) -> None:
    """Turn every exception into an answer of the one form."""
    app.register_error_handler(errors.GeogridError, _of_the_house)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(OperationalError, _of_database)
    app.register_error_handler(PoolTimeout, _of_database)
    app.register_error_handler(DBAPIError, _of_statement)
    app.register_error_handler(psycopg.Error, _of_driver)
    app.register_error_handler(OSError, _of_system)
    app.register_error_handler(Exception, _unexpected)


def _of_the_house(error: errors.GeogridError) -> Response:
    if status_of(error) >= 500:
        log.error("%s: %s %s", error.code, error, error.where)
    return error_response(error)


def _of_http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return Response(status=error.code or 500, headers=error.get_headers())
    response = error_response(_translated(error), error.code)
    if methods := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _translated(error: HTTPException) -> errors.GeogridError:
    where = {"path": request.path}
    if error.code == 404:
        return errors.NotFoundError(what=request.path, where=where)
    if error.code == 405:
        return errors.MethodNotAllowed(method=request.method, possible=", ".join(getattr(error, "valid_methods", None) or ()))
    if error.code == 413:
        return errors.BodyTooLarge(most_kb=(request.max_content_length or 0) // 1024)
    if error.code == 415:
        return errors.MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    return errors.RequestInvalid(name=request.path, reason=SAID.get(error.code or 400, SAID[400]), where=where)


def _of_database(error: Exception) -> Response:
    if _disk_is_full(error):
        log.error("the disk of the database is full")
        return error_response(errors.StorageFull())
    log.warning("the database does not answer: %s", type(error).__name__)
    return error_response(errors.DatabaseSilent())


def _disk_is_full(error: Exception) -> bool:
    """Whether the database said so (SQLSTATE 53100), or cannot say anything and the disk that it shares with us is full."""
    if isinstance(getattr(error, "orig", error), psycopg.errors.DiskFull):
        return True
    settings = current_app.extensions[EXTENSION].settings
    home = cluster_home(settings.var_dir)
    return not settings.database_url and home.exists() and shutil.disk_usage(home).free < FULL_BELOW_BYTES


def _of_statement(error: DBAPIError) -> Response:
    if error.connection_invalidated or isinstance(error.orig, psycopg.errors.DiskFull):
        return _of_database(error)
    return _not_storable() if _is_not_storable(error.orig) else _unexpected(error)


def _is_not_storable(error: BaseException | None) -> bool:
    """Whether no column can hold a value that was asked for or sent: the fault of who asked, whatever the route did not check."""
    return isinstance(error, psycopg.DataError) and error.sqlstate in NOT_STORABLE


def _not_storable() -> Response:
    return error_response(errors.RequestInvalid(name=request.path, reason="not storable"))


def _of_driver(error: psycopg.Error) -> Response:
    """Answer what came past SQLAlchemy, as in COPY."""
    if _is_not_storable(error):
        return _not_storable()
    return _of_database(error) if isinstance(error, psycopg.OperationalError) else _unexpected(error)


def _of_system(error: OSError) -> Response:
    if error.errno in FULL:
        log.error("the disk is full: %s", error.filename)
        return error_response(errors.StorageFull())
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    if isinstance(error, DBAPIError | psycopg.Error):
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("unexpected, request %s %s: %s\n%s", request.method, request.path, _without_values(error), where)
    else:
        log.exception("unexpected, request %s %s", request.method, request.path, exc_info=error)
    return error_response(errors.GeogridError(reason=Reason(UNFORESEEN, path=request.path)))


def _without_values(error: Exception) -> str:
    """Return what the database said, without its sentences: they quote the row, and so what people said."""
    said = getattr(error, "orig", error)
    diag = getattr(said, "diag", None)
    named = [getattr(diag, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name")]
    return " ".join([type(said).__name__, *(name for name in named if name)])
