"""Tell what a file is by its first bytes, never by its name alone; and whether it is a file to open at all."""

from __future__ import annotations

import re
from pathlib import Path

from etl.errors import FileEncodingRefused, FileFormatRefused, FilePathRefused
from etl.sources.archive import entry_names

# The format each ending promises; a file whose content is another one is refused, since something is odd with it.
ENDINGS = {
    ".geojson": "geojson",
    ".json": "geojson",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".gpkg": "geopackage",
    ".parquet": "geoparquet",
    ".geoparquet": "geoparquet",
    ".xlsx": "xlsx",
    ".zip": "shapefile_zip",
    ".pbf": "osm",
}
HEAD_BYTES = 4096
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def local_file(path: str | Path) -> Path:
    """Return ``path`` as that of an existing regular file; raises FilePathRefused for network addresses and GDAL's own paths."""
    text = str(path)
    foreign = (
        "://" in text
        or re.match(r"/vsi|[A-Za-z_0-9]{2,}:", text, re.IGNORECASE)
        or CONTROL.search(text.encode("utf-8", "replace"))
    )
    if foreign or not Path(text).is_file():
        raise FilePathRefused(name=text, where={"path": text})
    return Path(text)


def identify(path: Path) -> str:
    """Return the format (a key of ``etl.sources.FORMATS``) that the content of ``path`` shows.

    Raises FileFormatRefused where it is none of ours or not the one its name says, FileEncodingRefused for UTF-16.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found = _binary(path, head) or _text(path, head)
    promised = ENDINGS.get(path.suffix.lower())
    if promised and promised != found:
        refuse(path, f"it is named {path.suffix} but holds {found}")
    return found


def refuse(path: Path, reason: str) -> None:
    """Raise FileFormatRefused for ``path``."""
    known = ", ".join(sorted(set(ENDINGS.values())))
    raise FileFormatRefused(name=path.name, reason=reason, known=known, where={"path": str(path)})


def _binary(path: Path, head: bytes) -> str | None:
    if head.startswith(b"SQLite format 3\x00"):
        if head[68:72] not in {b"GPKG", b"GP10", b"GP11"}:
            refuse(path, "it is a SQLite file, but no GeoPackage")
        return "geopackage"
    if head.startswith(b"PAR1"):
        return "geoparquet"
    if b"OSMHeader" in head[:32]:
        return "osm"
    if head.startswith(b"PK"):
        return _archive(path)
    return None


def _archive(path: Path) -> str:
    names = {name.lower() for name in entry_names(path)}
    if "[content_types].xml" in names and any(name.startswith("xl/workbook") for name in names):
        return "xlsx"
    if any(name.endswith((".shp", ".dbf", ".shx")) for name in names):
        return "shapefile_zip"
    refuse(path, "the archive holds neither a Shapefile nor a workbook")
    return ""


def _text(path: Path, head: bytes) -> str:
    if not head.strip():
        refuse(path, "it is empty")
    if head.startswith(UTF16_MARKS):
        raise FileEncodingRefused(name=path.name, reason="it is UTF-16", where={"path": str(path)})
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if CONTROL.search(head):
        # ASCII as UTF-16 without a mark: every other byte is NUL
        if head[1::2].count(0) > len(head) // 4 or head[0::2].count(0) > len(head) // 4:
            raise FileEncodingRefused(name=path.name, reason="it looks like UTF-16", where={"path": str(path)})
        if not text.startswith((b"{", b"[")) and path.suffix.lower() not in {".csv", ".tsv", ".txt"}:
            refuse(path, "its content is of no known kind")
    if text.startswith(b"<"):
        refuse(path, "it is XML (VRT, KML, GML and the like are not opened)")
    if text.startswith((b"{", b"[")):
        return "geojson"
    if text.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        refuse(path, "it is a picture or a document")
    return "csv"
