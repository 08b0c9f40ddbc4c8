"""Secrets of an installation in files: made once, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from geogrid.errors import SetupError

SECRET_BYTES = 32


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
    if len(secret) < SECRET_BYTES:
        raise SetupError(reason=f"the secret {path} is empty or cut short", mend=f"Run: rm {path}, and start again.")
    return secret


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
