"""Compress answers that are text or vector tiles."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

LEAST_BYTES = 600
TYPES = {
    "text/html",
    "text/plain",
    "text/csv",
    "application/json",
    "application/geo+json",
    "application/vnd.mapbox-vector-tile",
    "application/x-protobuf",
}


def install_compression(app: Flask) -> None:
    """Send answers of the listed types gzipped to callers that take it; streams and what is already packed stay as they are."""

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype not in TYPES:
            return response
        response.vary.add("Accept-Encoding")
        packed = response.headers.get("Content-Encoding")
        if packed or response.is_streamed or response.direct_passthrough or "gzip" not in request.accept_encodings:
            return response
        if response.status_code not in {204, 304} and (response.content_length or 0) >= LEAST_BYTES:
            response.set_data(gzip.compress(response.get_data(), 5, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        return response
