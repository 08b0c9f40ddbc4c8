"""Static files, all from here: compressed, and kept by browsers for as long as their address does not change."""

from __future__ import annotations

import gzip
import mimetypes
import zlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, request, url_for
from werkzeug.utils import safe_join

from webmap.roles import PUBLIC, roles

FOLDER = Path(__file__).parent / "static"
COMPRESSED = {".js", ".mjs", ".css", ".svg", ".json", ".html", ".txt", ".map"}
LEAST_COMPRESSED_BYTES = 600
KEPT_FOREVER = "public, max-age=31536000, immutable"
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")


@roles(PUBLIC)
def static(filename: str) -> Response:
    """Send one file of ``static/``; an address that carries ``?v=`` never changes, so it is kept for good."""
    return send_from(FOLDER, filename)


def send_from(folder: Path, filename: str) -> Response:
    """Return ``filename`` of ``folder``, compressed where that helps and the caller takes it; 404 outside the folder."""
    joined = safe_join(str(folder), filename)
    path = Path(joined) if joined else None
    if path is None or not path.is_file() or path.name.startswith("."):
        abort(404)
    stat = path.stat()
    packed = _packed(path, stat.st_mtime_ns, stat.st_size) if "gzip" in request.accept_encodings else None
    etag = f"{stat.st_mtime_ns:x}-{stat.st_size:x}{'-gz' if packed else ''}"
    response = Response(packed or path.read_bytes(), mimetype=_media_type(path))
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(etag)
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = KEPT_FOREVER if "v" in request.args else "no-cache"
    return response.make_conditional(request)


@lru_cache(maxsize=256)
def _packed(path: Path, modified_ns: int, size: int) -> bytes | None:
    if path.suffix not in COMPRESSED or size < LEAST_COMPRESSED_BYTES:
        return None
    beside = path.with_name(path.name + ".gz")
    if beside.is_file() and beside.stat().st_mtime_ns >= modified_ns:
        return beside.read_bytes()
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def _media_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def asset(filename: str) -> str:
    """Return the address of a static file with its version: it changes when the file does. Raises FileNotFoundError."""
    return url_for("static", filename=filename, v=_version(FOLDER / filename, (FOLDER / filename).stat().st_mtime_ns))


@lru_cache(maxsize=256)
def _version(path: Path, modified_ns: int) -> str:
    return f"{zlib.crc32(path.read_bytes()):08x}"


def install_static_files(app: Flask) -> None:
    """Serve ``/static/...`` and give templates ``asset(filename)`` and ``has_asset(filename)``."""
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=static)

    @app.context_processor
    def offer() -> dict[str, object]:
        return {"asset": asset, "has_asset": lambda filename: (FOLDER / filename).is_file()}
