"""Seal the audit, keep its heads outside the database, verify the whole chain."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from geogrid.errors import AuditHeadsBroken
from geogrid.rules.chain import Break, Head, Verifier
from geogrid.store import audit

PORTION = 5_000


@dataclass(frozen=True)
class Verified:
    """What a verification found: how many records are sealed, how many wait (and since when), the first break or None."""

    records: int
    unsealed: int
    unsealed_since: datetime | None
    broken: Break | None
    head: Head | None


def verify(session: Session, heads: Sequence[Head] = ()) -> Verified:
    """Follow the chain from its first seal to its last, against heads that were kept outside. Reads only."""
    for told in verify_by_portions(session, heads):
        if isinstance(told, Verified):
            return told
    raise AssertionError("a verification ends with what it found")


def verify_by_portions(session: Session, heads: Sequence[Head] = (), *, every: int = PORTION) -> Iterator[int | Verified]:
    """Follow the chain as :func:`verify` does; give how many records hold so far after each portion, at last what was found."""
    verifier, records = Verifier(heads), 0
    for seal, record in audit.chain(session):
        if not verifier.follow(seal, record):
            break
        records += 1
        if records % every == 0:
            yield records
    unsealed, since = audit.count_unsealed(session)
    yield Verified(records, unsealed, since, verifier.end(), audit.head(session))


def heads_path(var_dir: Path) -> Path:
    """Return where the heads of the chain are kept beside the database."""
    return var_dir / "audit" / "heads.jsonl"


def keep_head(var_dir: Path, head: Head, now: datetime) -> bool:
    """Append ``head`` to the file of heads, safe on disk, unless it is the last one there; return whether it was added."""
    path = heads_path(var_dir)
    known = read_heads(path) if path.exists() else []
    if known and known[-1].seq >= head.seq:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"seq": head.seq, "hash": head.hash.hex(), "at": now.isoformat()})
    with path.open("a", encoding="ascii") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def read_heads(path: Path) -> list[Head]:
    """Return the heads in a file that :func:`keep_head` or ``geogrid audit export`` wrote; a last line cut short is left out.

    Raises
    ------
    AuditHeadsBroken
        where a line before the last is no head
    """
    heads, lines = list[Head](), path.read_text("ascii", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            heads.append(Head(int(told["seq"]), bytes.fromhex(told["hash"])))
        except (ValueError, KeyError, TypeError) as error:
            if number < len(lines):
                raise AuditHeadsBroken(path=path.name, line=number, where={"path": path.name, "row": number}) from error
    return heads
