"""One-time codes by time: RFC 6238 with SHA-1, six digits, steps of 30 s, which every app on phones knows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
DRIFT_STEPS = 1  # a phone's clock may be half a minute off


def step_at(at: datetime) -> int:
    """Return the number of the step in which the instant ``at`` lies."""
    return int(at.timestamp()) // STEP_S


def code_of(secret: bytes, step: int) -> str:
    """Return the code of a step (RFC 4226, 5.3: dynamic truncation)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def accepted_step(secret: bytes, code: str, *, at: datetime, last_step: int) -> int | None:
    """Return the step whose code ``code`` is, within one step of ``at`` and after ``last_step``; None where there is none.

    The step returned is to be kept as the next ``last_step``: no code is taken twice.
    """
    now, typed = step_at(at), code.replace(" ", "")
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        same = hmac.compare_digest(code_of(secret, step).encode(), typed.encode())
        if same and step > last_step and found is None:
            found = step
    return found


def address_of(secret: bytes, *, login: str, issuer: str) -> str:
    """Return the ``otpauth`` address that an app reads from a QR code."""
    name = quote(f"{issuer}:{login}")
    return f"otpauth://totp/{name}?secret={base32(secret)}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP_S}"


def base32(secret: bytes) -> str:
    """Return a secret as it is typed into an app by hand."""
    return base64.b32encode(secret).decode().rstrip("=")
