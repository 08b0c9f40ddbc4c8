"""Secrets of an installation in files: the key of the set-up, and the key that seals second factors.

Each is made once, readable by its owner alone. The key of the set-up is sent as ``Authorization: Bearer <token>`` and
compared in constant time.
Links carry it in the fragment (``/officer#token=...``), which browsers send to no server and write to no log.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from geogrid.errors import SetupError

TOKEN_BYTES = 32


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


def read_or_make_secret(path: Path) -> str:
    """Return the secret of a file, making it (mode 0600 in a folder 0700) where there is none yet.

    Two processes that start at once agree on one: a finished file is linked into place, and the first link wins.
    Raises SetupError when other users could read the file, or when it holds nothing.
    """
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise SetupError(reason=f"others can read the secret {path}", mend=f"Run: chmod 600 {path}")
    secret = path.read_text("ascii").strip()
    if len(secret) < TOKEN_BYTES:
        raise SetupError(reason=f"the secret {path} is empty or cut short", mend=f"Run: rm {path}, and start again.")
    return secret


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def carries_token(authorization: str | None, token: str) -> bool:
    """Whether the header ``authorization`` is ``Bearer`` with this ``token``; takes the same time for every wrong one."""
    scheme, _, sent = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode())
