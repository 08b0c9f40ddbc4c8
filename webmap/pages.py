"""Is it a page that the caller wants?"""

from __future__ import annotations

from flask import request


def wants_page() -> bool:
    """Whether the caller is a browser that asked for a page."""
    if request.path.startswith("/api/"):
        return False
    return request.accept_mimetypes.quality("text/html") > request.accept_mimetypes.quality("application/json")
