"""Photos over HTTP: only whole pictures under their own hash; what is served carries pixels and nothing else."""

from __future__ import annotations

import hashlib
import io
from uuid import uuid4

import pytest
from PIL import Image

from geogrid.actions.photos import photo_path
from tests.build_installation import payload

EVENTS = "/api/v1/events"
ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def jpeg(*, turned: int = 1, size=(60, 30)) -> bytes:
    """A picture, red at its left edge as the camera held it, with a maker and a position in its EXIF."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 3, size[1]))
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = turned, "CANARY-MAKER"
    exif.get_ifd(GPS)[1] = "N"
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, quality=95)
    return file.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def reported(installed, **values) -> str:
    answer = installed.client().post(EVENTS, json=payload(**values), headers=installed.write())
    assert answer.status_code == 201
    return answer.get_json()["id"]


def put(installed, event_id: str, data: bytes, sha256: str | None = None):
    address = f"{EVENTS}/{event_id}/photos/{sha256 or sha(data)}"
    return installed.client().put(address, data=data, content_type="image/jpeg", headers=installed.write())


def test_a_promised_photo_is_pending_until_its_bytes_are_there(shared):
    data = jpeg()
    event_id = reported(shared, photos=[sha(data)])
    assert [photo["state"] for photo in shared.client().get(f"{EVENTS}/{event_id}").get_json()["photos"]] == ["pending"]
    assert (put(shared, event_id, data).status_code, put(shared, event_id, data).status_code) == (201, 200)
    assert [photo["state"] for photo in shared.client().get(f"{EVENTS}/{event_id}").get_json()["photos"]] == ["received"]
    assert photo_path(shared.settings.var_dir, sha(data)).read_bytes() == data


def test_served_photos_are_upright_and_carry_no_exif(shared):
    data = jpeg(turned=6)  # the camera was held upright: to be turned by 90 degrees
    event_id = reported(shared)
    answer = shared.client().get(put(shared, event_id, data).get_json()["link"])
    assert answer.mimetype == "image/jpeg"
    assert b"CANARY-MAKER" in data
    assert b"CANARY-MAKER" not in answer.get_data()
    assert b"Exif" not in answer.get_data()
    shown = Image.open(io.BytesIO(answer.get_data()))
    assert shown.size == (30, 60)
    red, _, blue = shown.getpixel((15, 5))
    assert red > 200
    assert blue < 60


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "photo.type"),
        (b"<html><script>alert(1)</script></html>", 415, "photo.type"),
        (b"%PDF-1.7\n", 415, "photo.type"),
        (b"", 415, "photo.type"),
        (b"GIF89a" + bytes(40), 415, "photo.type"),
        (jpeg(size=(600, 400))[:-900], 422, "photo.damaged"),
        (b"\xff\xd8\xff" + bytes(9 * 1024 * 1024), 413, "body.too_large"),
    ],
    ids=["svg", "html", "pdf", "nothing", "gif", "cut", "large"],
)
def test_what_is_no_whole_picture_is_refused(shared, data, status, code):
    answer = put(shared, reported(shared), data)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert not photo_path(shared.settings.var_dir, sha(data)).exists()


def test_bytes_under_another_hash_an_unknown_event_and_a_malformed_hash_are_refused(shared):
    event_id = reported(shared)
    assert put(shared, event_id, jpeg(), "0" * 64).get_json()["code"] == "photo.sha256"
    assert put(shared, str(uuid4()), jpeg()).status_code == 404
    assert put(shared, event_id, jpeg(), "../../secrets").status_code in {400, 404}
    assert put(shared, event_id, jpeg(), "x" * 64).status_code == 400


def test_a_photo_is_only_shown_for_its_own_event(shared):
    mine, other = reported(shared), reported(shared)
    link = put(shared, mine, jpeg()).get_json()["link"]
    assert shared.client().get(link).status_code == 200
    assert shared.client().get(link.replace(mine, other)).status_code == 404
