"""Photos: the bytes are on disk under their own hash before the row says so, and never the other way round."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import tempfile
import time
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from PIL import Image
from sqlalchemy.orm import Session

from geogrid.channels.form import MOST_PHOTOS
from geogrid.errors import NotFoundError, PhotoDamaged, PhotoHash, PhotosTooMany, PhotoTooLarge, PhotoType, StorageFull
from geogrid.store import events

MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MOST_BYTES = 8 * 1024 * 1024
# a JPEG is decoded at an eighth of its size; the others only whole, so that fewer pixels are taken
MOST_MEGAPIXELS = {"JPEG": 64, "PNG": 24, "WEBP": 24}
PARTS = ".parts"  # beside the folders of photos: files half written, which a killed process leaves behind
STALE_S = 3600.0


@dataclass(frozen=True)
class Stored:
    """A photo that is safe: whether this call stored it, its media type, its file."""

    created: bool
    media_type: str
    path: Path


def photo_path(var_dir: Path, sha256: str) -> Path:
    """Return where the bytes with this hash (64 hexadecimal digits) are kept."""
    return var_dir / "photos" / sha256[:2] / sha256


def store_photo(session: Session, event_id: UUID, sha256: str, data: bytes, *, now: datetime, var_dir: Path) -> Stored:
    """Store the bytes of a photo of an event; the same photo again changes nothing.

    Raises
    ------
    NotFoundError
        without such an event.
    PhotoHash, PhotoTooLarge, PhotoType, PhotoDamaged, PhotosTooMany, StorageFull
    """
    event = events.find(session, event_id, lock=True)
    if event is None:
        raise NotFoundError(what=str(event_id))
    got = hashlib.sha256(data).hexdigest()
    if got != sha256:
        raise PhotoHash(got=got, sha256=sha256)
    media_type = checked_picture(data)
    received, _ = events.photos_of(session, event_id)
    if len(received - {sha256}) >= MOST_PHOTOS:
        raise PhotosTooMany(most=MOST_PHOTOS)
    path = photo_path(var_dir, sha256)
    if not _is_there(path, sha256):
        _write(path, data)
    created = events.add_photo(session, event_id, sha256, media_type, len(data), now=now)
    return Stored(created, media_type, path)


def _announced(error: Image.DecompressionBombError) -> str:
    """Return the size that the picture's head announces; the library names it in its own sentence alone."""
    pixels = re.search(r"\d+", str(error))
    return f"{int(pixels[0]) / 1e6:.0f} MP" if pixels else f"> {MOST_MEGAPIXELS['JPEG']} MP"


def checked_picture(data: bytes) -> str:
    """Return the media type of a JPEG, PNG or WebP picture that can be read to its end, judged by its content alone.

    Raises
    ------
    PhotoTooLarge
        by bytes, or by the pixels that its head announces, before they are unpacked.
    PhotoType, PhotoDamaged
    """
    if len(data) > MOST_BYTES:
        raise PhotoTooLarge(size=f"{len(data) / 1e6:.1f} MB", most=f"{MOST_BYTES / 1e6:.1f} MB")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit stands below
        try:
            image = Image.open(io.BytesIO(data), formats=tuple(MEDIA_TYPES))
        except Image.DecompressionBombError as error:
            raise PhotoTooLarge(size=_announced(error), most=f"{MOST_MEGAPIXELS['JPEG']} MP") from error
        except (OSError, ValueError, SyntaxError) as error:
            raise PhotoType from error
    kind, megapixels = image.format or "", image.width * image.height / 1e6
    if megapixels > MOST_MEGAPIXELS[kind]:
        raise PhotoTooLarge(size=f"{megapixels:.0f} MP", most=f"{MOST_MEGAPIXELS[kind]} MP")
    try:
        image.draft("RGB", (image.width // 8, image.height // 8))
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PhotoDamaged from error
    finally:
        image.close()
    return MEDIA_TYPES[kind]


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _write(path: Path, data: bytes) -> None:
    """Write, sync, rename, sync the folder: after a crash the file is whole or not there."""
    try:
        parts = path.parent.parent / PARTS
        for folder in (path.parent, parts):
            folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(parts)
        handle, name = tempfile.mkstemp(dir=parts)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent):
            _sync_folder(folder)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull from error
        raise


def _remove_stale(parts: Path) -> None:
    """Remove what processes that were killed while they wrote have left; by the clock of the file system."""
    for left in parts.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - STALE_S:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
