"""The write token: one secret a installation, until people have accounts.

It is made once, readable by its owner alone, sent as ``Authorization: Bearer <token>`` and compared in constant time.
Links carry it in the fragment (``/officer#token=...``), which browsers send to no server and write to no log.
"""

from __future__ import annotations

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
    """Return the token, making it (mode 0600 in a folder 0700) where there is none yet.

    Two processes that start at once agree on one token: a finished file is linked into place, and the first link wins.
    Raises SetupError when other users could read the file, or when it holds nothing.
    """
    path = token_path(var_dir)
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise SetupError(reason=f"others can read the write token {path}", mend=f"Run: chmod 600 {path}")
    token = path.read_text("ascii").strip()
    if len(token) < TOKEN_BYTES:
        raise SetupError(reason=f"the write token {path} is empty or cut short", mend=f"Run: rm {path}, and start again.")
    return token


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
