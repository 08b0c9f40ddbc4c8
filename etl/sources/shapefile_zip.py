"""A zipped Shapefile: its parts checked and unpacked under names of our own, the encoding of its words found out."""

from __future__ import annotations

import struct
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from etl.errors import ArchiveRefused, FileDamaged, LayerNotNamed, LayerUnknown
from etl.sources.archive import checked_entries, name_of, unpack
from etl.sources.binary import table_of
from etl.sources.encoding import GB18030, UTF8, decode
from etl.sources.sandbox import read_in_child
from etl.sources.table import Note, ReadOptions, Table

NEEDED = (".shp", ".shx", ".dbf")
WANTED = (*NEEDED, ".prj", ".cpg")
GBK_NAMES = {"gbk", "gb2312", "gb18030", "936", "cp936", "ansi 936", "ansi936", "chs"}


def read(path: Path, options: ReadOptions) -> Table:
    """Read the one Shapefile in the zip (or ``options.layer``); raises the file errors of ``etl.errors``."""
    parts = _parts(path, options)
    with tempfile.TemporaryDirectory(prefix="geogrid-shp-") as folder:
        for suffix, entry in parts.items():
            unpack(path, entry, Path(folder, f"layer{suffix}"), options.limits)
        stated = options.encoding or _cpg(Path(folder, "layer.cpg"))
        encoding, preview = encoding_of(Path(folder, "layer.dbf"), path.name, stated)
        shp = Path(folder, "layer.shp")
        inner = ReadOptions("layer", None, options.limits)
        try:
            with read_in_child(shp, "gdal", inner, encoding=encoding) as (frame, said):
                return table_of(path, "shapefile_zip", frame, said, options, _notes(encoding, stated, preview))
        except FileDamaged as error:
            raise FileDamaged(name=path.name, reason=error.values["reason"], where={"path": str(path)}) from error


def _parts(path: Path, options: ReadOptions) -> dict[str, zipfile.ZipInfo]:
    sets: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for entry in checked_entries(path, options.limits):
        name = PurePosixPath(name_of(entry).replace("\\", "/"))
        if name.suffix.lower() in WANTED and not name.name.startswith("."):
            sets.setdefault(str(name.with_suffix("")), {})[name.suffix.lower()] = entry
    sets = {name: parts for name, parts in sets.items() if {".shp", ".shx", ".dbf"} & parts.keys()}
    chosen = [name for name in sets if options.layer in {None, name, PurePosixPath(name).name}]
    if options.layer is None and len(chosen) > 1:
        chosen = [name for name in chosen if PurePosixPath(name).name == options.usual]
    if len(chosen) != 1:
        known = ", ".join(PurePosixPath(name).name for name in sets)
        unknown = LayerUnknown if options.layer or not known else LayerNotNamed
        raise unknown(name=path.name, layer=options.layer or "", known=known, where={"path": str(path)})
    parts = sets[chosen[0]]
    missing = [suffix for suffix in NEEDED if suffix not in parts]
    if missing:
        reason = f"the Shapefile {PurePosixPath(chosen[0]).name} in it has no {', '.join(missing)}"
        raise ArchiveRefused(name=path.name, reason=reason, where={"path": str(path)})
    return parts


def _cpg(path: Path) -> str | None:
    """Return the encoding that the .cpg file names; None without one."""
    if not path.is_file():
        return None
    name = path.read_bytes()[:40].decode("ascii", "replace").strip().lower()
    return GB18030 if name in GBK_NAMES else (name or None)


def encoding_of(dbf: Path, name: str, stated: str | None) -> tuple[str, str]:
    """Return the encoding of the words in a .dbf and a preview of the first foreign ones; raises FileEncodingRefused."""
    cells = _text_cells(dbf, name)
    foreign = [cell for cell in cells if not cell.isascii()]
    if stated:
        return stated, ""
    text, encoding = decode(b"\n".join(foreign), name) if foreign else ("", UTF8)
    return encoding, " / ".join(text.split("\n")[:3])


def _text_cells(dbf: Path, name: str) -> list[bytes]:
    """Return the bytes of all character cells and of the field names, a character cut in half at a cell's end left out."""
    data = dbf.read_bytes()
    try:
        rows, header, width = struct.unpack_from("<IHH", data, 4)
        fields = [data[start : start + 32] for start in range(32, header - 1, 32) if data[start : start + 1] != b"\r"]
        lengths = [field[16] for field in fields]
    except (struct.error, IndexError) as error:
        raise FileDamaged(name=name, reason="the header of its .dbf is cut short", where={"path": name}) from error
    cells = [field[:11].split(b"\0")[0] for field in fields]
    for row in range(min(rows, 100_000, len(data) // max(width, 1))):
        start = header + row * width + 1
        for field, length in zip(fields, lengths, strict=True):
            if field[11:12] == b"C":
                cell = data[start : start + length].rstrip(b" \0")
                cells.append(_whole(cell) if len(cell) >= length - 1 else cell)
            start += length
    return cells


def _whole(cell: bytes) -> bytes:
    """Return ``cell`` without a character that the field's end cut in half, in either encoding."""
    for encoding in (UTF8, GB18030):
        for cut in range(4):
            try:
                cell[: len(cell) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return cell[: len(cell) - cut]
    return cell


def _notes(encoding: str, stated: str | None, preview: str) -> tuple[Note, ...]:
    if encoding == UTF8 or stated:
        return ()
    return (Note("The text is read as {encoding}; it begins: {preview}", {"encoding": encoding, "preview": preview}),)
