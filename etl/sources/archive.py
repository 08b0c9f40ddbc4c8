"""Look into a zip before anything of it is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from etl.errors import ArchiveRefused, FileDamaged, FileTooLarge
from etl.sources.limits import LIMITS, Limits

ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError, RuntimeError, LookupError)
NESTED = (".zip", ".7z", ".rar", ".gz", ".tar", ".tgz", ".bz2", ".xz", ".kmz")
ENCRYPTED = 0x1
UTF8_NAMES = 0x800


def entry_names(path: Path, limits: Limits = LIMITS) -> list[str]:
    """Return the names of the files in the zip ``path``; raises FileDamaged, FileTooLarge, ArchiveRefused."""
    return [name_of(entry) for entry in checked_entries(path, limits)]


def checked_entries(path: Path, limits: Limits = LIMITS) -> list[zipfile.ZipInfo]:
    """Return the files of the zip after looking at all that its directory says: count, sizes, names, encryption, nesting."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except ZIP_ERRORS as error:
        raise FileDamaged(name=path.name, reason=str(error), where={"path": str(path)}) from error
    if len(entries) > limits.archive_entries:
        _too_large(path, "entries", len(entries), limits.archive_entries)
    for entry in entries:
        _check_name(path, entry)
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(path.stat().st_size, 1)
    if unpacked > limits.archive_bytes:
        _too_large(path, "bytes unpacked", unpacked, limits.archive_bytes)
    if unpacked > 1_000_000 and unpacked / packed > limits.archive_ratio:
        _too_large(path, "unpacked to packed size", round(unpacked / packed), round(limits.archive_ratio))
    return [entry for entry in entries if not entry.is_dir()]


def name_of(entry: zipfile.ZipInfo) -> str:
    """Return the entry's name; names written in GBK without saying so (common on Chinese Windows) are read as such."""
    if entry.flag_bits & UTF8_NAMES:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def unpack(path: Path, entry: zipfile.ZipInfo, target: Path, limits: Limits = LIMITS) -> None:
    """Write one entry to ``target`` (a name of our own), counting what really comes out; raises FileTooLarge, FileDamaged."""
    left = min(entry.file_size + 1, limits.archive_bytes)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as source, target.open("wb") as file:
            while block := source.read(1 << 20):
                left -= len(block)
                if left < 0:
                    _too_large(path, "bytes unpacked", entry.file_size, limits.archive_bytes)
                file.write(block)
    except ZIP_ERRORS as error:
        raise FileDamaged(name=path.name, reason=f"{name_of(entry)}: {error}", where={"path": str(path)}) from error


def _check_name(path: Path, entry: zipfile.ZipInfo) -> None:
    name = name_of(entry)
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        _refuse(path, f"the entry {name!r} points outside of it")
    if entry.flag_bits & ENCRYPTED:
        _refuse(path, "it is encrypted; unpack it with its password and pack it again without")
    if name.lower().endswith(NESTED):
        _refuse(path, f"it holds another archive, {name!r}; unpack that first")


def _refuse(path: Path, reason: str) -> None:
    raise ArchiveRefused(name=path.name, reason=reason, where={"path": str(path)})


def _too_large(path: Path, what: str, size: int, most: int) -> None:
    raise FileTooLarge(name=path.name, what=what, size=size, most=most, where={"path": str(path)})
