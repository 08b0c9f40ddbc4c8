"""Photos: by their content and their hash, whole or not at all, once."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import struct
import zlib
from uuid import uuid4

import pytest
from PIL import Image

from geogrid.actions import photos
from geogrid.actions.accept import accept_report
from geogrid.actions.fsck import fsck
from geogrid.actions.photos import checked_picture, photo_path, store_photo
from geogrid.errors import (
    NotFoundError,
    PhotoDamaged,
    PhotoHash,
    PhotosTooMany,
    PhotoTooLarge,
    PhotoType,
    StorageFull,
)
from geogrid.store import events
from tests.build_district import IN_A1, NOW, profile, report


def picture(kind="JPEG", size=(640, 480), seed=1) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise(size, 40 + seed).convert("RGB").save(stream, kind)
    return stream.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bomb() -> bytes:
    """A PNG whose head announces 30,000 x 30,000 pixels."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def event(session, district):
    return accept_report(session, report(IN_A1), now=NOW, district=district, actor="x").event


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_photo_is_stored_under_its_hash_and_once(session, event, tmp_path, kind, media_type):
    data = picture(kind)
    first = store_photo(session, event.id, sha256(data), data, now=NOW, var_dir=tmp_path)
    again = store_photo(session, event.id, sha256(data), data, now=NOW, var_dir=tmp_path)
    assert (first.created, again.created, first.media_type) == (True, False, media_type)
    assert first.path == photo_path(tmp_path, sha256(data))
    assert first.path.read_bytes() == data
    assert events.photos_of(session, event.id) == ({sha256(data)}, set())
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [sha256(data)]


def test_a_file_that_was_cut_on_disk_is_written_anew(session, event, tmp_path):
    data = picture()
    path = photo_path(tmp_path, sha256(data))
    path.parent.mkdir(parents=True)
    path.write_bytes(data[:100])
    assert store_photo(session, event.id, sha256(data), data, now=NOW, var_dir=tmp_path).created
    assert path.read_bytes() == data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_picture_cut_short_is_refused(kind, share):
    data = picture(kind)
    with pytest.raises((PhotoDamaged, PhotoType)):
        checked_picture(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html></html>",
        b"%PDF-1.7 ...",
        b"GIF89a" + b"\0" * 50,
        b"\xff\xd8\xff",
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(data):
    with pytest.raises(PhotoType):
        checked_picture(data)


def test_a_bomb_is_refused_before_it_unpacks():
    with pytest.raises(PhotoTooLarge, match="The photo has 900 MP, more than"):
        checked_picture(bomb())


def test_too_many_bytes_are_refused(monkeypatch):
    monkeypatch.setattr(photos, "MOST_BYTES", 1000)
    with pytest.raises(PhotoTooLarge, match="MB"):
        checked_picture(picture())


def test_bytes_that_are_not_those_of_the_hash_are_refused_and_leave_nothing(session, event, tmp_path):
    data = picture()
    with pytest.raises(PhotoHash) as caught:
        store_photo(session, event.id, sha256(data), data[:-1], now=NOW, var_dir=tmp_path)
    assert caught.value.retry
    assert list(tmp_path.rglob("*")) == []
    assert events.photos_of(session, event.id) == (set(), set())


def test_a_photo_of_no_event_is_refused_and_leaves_nothing(session, tmp_path):
    data = picture()
    with pytest.raises(NotFoundError):
        store_photo(session, uuid4(), sha256(data), data, now=NOW, var_dir=tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_more_photos_than_are_kept_are_refused(session, event, tmp_path, monkeypatch):
    monkeypatch.setattr(photos, "MOST_PHOTOS", 1)
    first, second = picture(seed=1), picture(seed=2)
    store_photo(session, event.id, sha256(first), first, now=NOW, var_dir=tmp_path)
    with pytest.raises(PhotosTooMany):
        store_photo(session, event.id, sha256(second), second, now=NOW, var_dir=tmp_path)


def test_what_a_killed_process_left_half_written_is_removed_by_a_later_photo(session, event, tmp_path):
    """``kill -9`` between write and rename: no clean-up runs. It is no photo without a row, and it does not stay for ever."""
    data, later = picture(seed=1), picture(seed=2)
    killed = pytest.MonkeyPatch()
    killed.setattr(photos.Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    killed.setattr(photos.Path, "unlink", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt):
        store_photo(session, event.id, sha256(data), data, now=NOW, var_dir=tmp_path)
    killed.undo()
    (left,) = (path for path in tmp_path.rglob("*") if path.is_file())
    os.utime(left, (1, 1))
    assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []
    store_photo(session, event.id, sha256(later), later, now=NOW, var_dir=tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [sha256(later)]


def test_a_full_disk_is_said_and_leaves_nothing(session, event, tmp_path, monkeypatch):
    data = picture()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(photos.os, "fsync", full)
    with pytest.raises(StorageFull) as caught:
        store_photo(session, event.id, sha256(data), data, now=NOW, var_dir=tmp_path)
    assert caught.value.retry
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
