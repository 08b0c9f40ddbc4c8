"""Secrets of an installation in files: the key of the set-up, and the key that seals second factors.

Each is made once, readable by its owner alone. The key of the set-up is sent as ``Authorization: Bearer <token>`` and
compared in constant time.
Links carry it in the fragment (``/officer#token=...``), which browsers send to no server and write to no log.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from geogrid.store.secret_files import read_or_make_secret


def token_path(var_dir: Path) -> Path:
    """Return where the token of the installation under ``var_dir`` is kept."""
    return var_dir / "secrets" / "token"


def read_or_make_token(var_dir: Path) -> str:
    """Return the key of the set-up, made where there is none yet; raises SetupError as ``read_or_make_secret`` does."""
    return read_or_make_secret(token_path(var_dir))


def read_or_make_factor_key(var_dir: Path) -> bytes:
    """Return the key (32 bytes) that seals second factors in the database; who loses its file has all of them set up anew."""
    text = read_or_make_secret(var_dir / "secrets" / "second_factor_key")
    return hashlib.sha256(text.encode()).digest()


def carries_token(authorization: str | None, token: str) -> bool:
    """Whether the header ``authorization`` is ``Bearer`` with this ``token``; takes the same time for every wrong one."""
    scheme, _, sent = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode())
