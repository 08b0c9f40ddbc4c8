"""Photos: bytes come in under their own hash, and go out as pixels alone."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, Field

from geogrid.actions.photos import photo_path, store_photo
from geogrid.errors import NotFoundError
from geogrid.store import events as stored_events
from geogrid.store.session import session_scope
from webmap.api.base import EVENTS, Refusal, blueprint
from webmap.api.bodies import photo_body
from webmap.api.events import answer
from webmap.installation import installation
from webmap.photo_pixels import as_shown
from webmap.reading import must_see_or_have_reported, reading
from webmap.roles import KB, READERS, REPORTERS, roles, whole_body

MOST_PHOTO_BYTES = 8 * KB * KB
KEPT = "private, max-age=86400, immutable"


class PhotoPath(BaseModel):
    """An event's id and the SHA-256 of a photo's bytes, in hexadecimal digits."""

    event_id: UUID
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


@blueprint.put(
    "/events/<uuid:event_id>/photos/<sha256>",
    tags=[EVENTS],
    summary="Send a photo of an event",
    security=[{"token": []}],
    request_body=RequestBody(content={"image/*": {"schema": {"type": "string", "format": "binary"}}}, required=True),
    responses={"401": Refusal, "413": Refusal, "415": Refusal},
)
@roles(REPORTERS, most_body_bytes=MOST_PHOTO_BYTES)
def put_photo(path: PhotoPath) -> Response:
    """201 once the bytes (JPEG, PNG or WebP, judged by content) are safe on disk; the same photo again: 200."""
    here = installation()
    data = whole_body()
    with session_scope(here.engine) as session:
        must_see_or_have_reported(session, path.event_id)
        stored = store_photo(session, path.event_id, path.sha256, data, now=here.now(), var_dir=here.settings.var_dir)
    return answer(photo_body(str(path.event_id), path.sha256, received=True), 201 if stored.created else 200)


@blueprint.get("/events/<uuid:event_id>/photos/<sha256>", tags=[EVENTS], summary="Read a photo of an event")
@roles(READERS)
def get_photo(path: PhotoPath) -> Response:
    """Return the photo drawn anew as JPEG: upright, without position, device or thumbnail."""
    here = installation()
    with reading() as session:
        received, _ = stored_events.photos_of(session, path.event_id)
    if path.sha256 not in received:
        raise NotFoundError(what=path.sha256, where={"path": request.path})
    response = Response(as_shown(photo_path(here.settings.var_dir, path.sha256)), mimetype="image/jpeg")
    response.headers["Content-Disposition"] = f'inline; filename="{path.sha256[:12]}.jpg"'
    response.headers["Cache-Control"] = KEPT
    response.set_etag(path.sha256)
    return response.make_conditional(request)
