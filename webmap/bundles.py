"""The scripts and styles of the map, a few small files joined into one each: a first view is a handful of requests.

Nothing is built: modules are joined as they stand. The rules that make this safe are few and checked: named imports of
files beside, one line each, named exports of declarations, and no top-level name twice.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, request

from geogrid.errors import AssetUnavailable, NotFoundError
from webmap.offline import refuse_external_css
from webmap.roles import PUBLIC, roles

blueprint = Blueprint("bundles", __name__)

STATIC = Path(__file__).parent / "static"
MODULES = STATIC / "js" / "map"
VENDOR = ("vendor/leaflet/dist/leaflet.js", "vendor/leaflet.vectorgrid/dist/Leaflet.VectorGrid.bundled.min.js")
STYLES = ("vendor/leaflet/dist/leaflet.css", "css/tokens.css", "css/map.css", "css/imports.css", "css/who.css", "css/nav.css")
KEPT_FOREVER = "public, max-age=31536000, immutable"

IMPORT = re.compile(r'^import \{ (\w+(?:, \w+)*) \} from "\./([\w-]+)\.js";$')
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) \w)")
DECLARATION = re.compile(r"^(?:export )?(?:async function|function|class|const|let) (\w+)")


@dataclass(frozen=True)
class Bundle:
    """One joined file: its text, gzipped bytes and version (a checksum of the text)."""

    name: str
    text: str
    packed: bytes
    version: str
    media_type: str


class ModuleError(ValueError):
    """A module breaks a rule of joining."""


@lru_cache(maxsize=8)
def _bundle(name: str, newest_ns: int) -> Bundle:
    if name == "map.js":
        text = join_modules(MODULES, "main")
    elif name == "vendor.js":
        text = "\n;\n".join(_read(path) for path in VENDOR)
    else:
        text = "\n".join(without_images(_read(path)) for path in STYLES)
        refuse_external_css(text)
    packed = gzip.compress(text.encode(), 9, mtime=0)
    media_type = "text/css" if name.endswith(".css") else "text/javascript"
    return Bundle(name, text, packed, f"{zlib.crc32(text.encode()):08x}", media_type)


NAMES = ("vendor.js", "map.js", "map.css")


def bundle(name: str) -> Bundle:
    """Return the bundle ``name``, joined anew when one of its files changed; raises AssetUnavailable, NotFoundError."""
    if name not in NAMES:
        raise NotFoundError(what=name)
    files = [STATIC / path for path in (*VENDOR, *STYLES)] + sorted(MODULES.glob("*.js"))
    return _bundle(name, max(path.stat().st_mtime_ns for path in files if path.exists()))


def _read(path: str) -> str:
    try:
        return (STATIC / path).read_text(encoding="utf-8").removeprefix("\ufeff")
    except FileNotFoundError:
        raise AssetUnavailable(package=path, reason="it was not fetched", mend="Run: geogrid assets") from None


def without_images(css: str) -> str:
    """Return ``css`` without rules' pictures: the map draws its own, and Leaflet's would be looked for beside the bundle."""
    return re.sub(r"[^;{}]*\burl\((?!\s*[\"']?data:)[^)]*\)[^;}]*;?", "", css)


def join_modules(folder: Path, entry: str) -> str:
    """Return the modules that ``entry`` needs as one module, each after those it imports; raises ModuleError."""
    order: list[str] = []
    bodies: dict[str, str] = {}
    _collect(folder, entry, order, bodies, ())
    owners: dict[str, str] = {}
    for name in order:
        for declared in filter(None, (DECLARATION.match(line) for line in bodies[name].splitlines())):
            if declared[1] in owners:
                raise ModuleError(f"{name}.js and {owners[declared[1]]}.js both declare {declared[1]}")
            owners[declared[1]] = name
    return "\n".join("\n".join(EXPORT.sub("", line) for line in bodies[name].splitlines()) for name in order)


def _collect(folder: Path, name: str, order: list[str], bodies: dict[str, str], above: tuple[str, ...]) -> None:
    if name in above:
        raise ModuleError(f"{name}.js imports itself through {' -> '.join(above)}")
    if name in bodies:
        return
    lines = (folder / f"{name}.js").read_text(encoding="utf-8").splitlines()
    body: list[str] = []
    for line in lines:
        found = IMPORT.match(line)
        if found:
            _collect(folder, found[2], order, bodies, (*above, name))
        elif re.match(r"\s*import\b|.*\bimport\s*\(|export (?:default|\{|\*|let|var)", line):
            raise ModuleError(f"{name}.js: this form cannot be joined: {line.strip()}")
        else:
            body.append(line)
    bodies[name] = "\n".join(body)
    order.append(name)


def address(name: str) -> str:
    """Return the address of a bundle; it changes when its text does, so browsers keep it for good."""
    return f"/bundles/{bundle(name).version}/{name}"


@blueprint.get("/bundles/<version>/<name>")
@roles(PUBLIC)
def send(version: str, name: str) -> Response:
    """Send a bundle; an address of an older version gets today's text, but is not kept."""
    found = bundle(name)
    zipped = "gzip" in request.accept_encodings
    response = Response(found.packed if zipped else found.text, mimetype=found.media_type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = KEPT_FOREVER if version == found.version else "no-cache"
    response.set_etag(found.version)
    return response.make_conditional(request)
