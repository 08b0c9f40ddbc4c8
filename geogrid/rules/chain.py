"""A chain of sealed records: each seal is the hash of the one before and of its record, so that no record can be changed,
taken out, put in or moved without breaking every seal after it. Only the end of a chain can be cut off unseen; whoever keeps
an older head of it outside sees that too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST = hashlib.sha256(b"geogrid audit, version 1").digest()


@dataclass(frozen=True)
class Seal:
    """The seal of one record: its place in the chain (from 1), the record's id, the hash."""

    seq: int
    record_id: int
    hash: bytes


@dataclass(frozen=True)
class Head:
    """The last seal of a chain at some time: what is kept outside to notice a chain that was cut or written anew."""

    seq: int
    hash: bytes


@dataclass(frozen=True)
class Break:
    """The first place where a chain does not hold: the place in the chain, the record, what is wrong (English)."""

    seq: int
    record_id: int | None
    reason: str


def canonical(record: Mapping[str, Any]) -> bytes:
    """Return the one form of a record that is hashed: JSON with sorted keys, times in UTC to the microsecond."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain).encode("utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no canonical form")


def hash_of(before: bytes, seq: int, record: Mapping[str, Any]) -> bytes:
    """Return the hash that seals a record behind the one whose hash is ``before``."""
    return hashlib.sha256(before + seq.to_bytes(8, "big") + canonical(record)).digest()


def sealed(head: Head | None, records: Iterable[Mapping[str, Any]]) -> list[Seal]:
    """Return the seals of ``records`` (each with ``id``), in order, behind ``head`` (None: the chain begins)."""
    seq, before = (head.seq, head.hash) if head else (0, FIRST)
    made = []
    for record in records:
        seq += 1
        before = hash_of(before, seq, record)
        made.append(Seal(seq, record["id"], before))
    return made


class Verifier:
    """Follows a chain from its beginning, seal by seal; ``broken`` is the first place where it does not hold.

    ``heads`` are known from outside by their place: the chain must have that hash there.
    """

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self.seq, self.hash = 0, FIRST
        self.broken: Break | None = None
        self._heads = {head.seq: head.hash for head in heads}

    def follow(self, seal: Seal, record: Mapping[str, Any] | None) -> bool:
        """Check the next seal with its record (None: it is gone); return whether the chain still holds."""
        if self.broken is None:
            self.broken = self._break(seal, record)
            self.seq, self.hash = seal.seq, seal.hash
        return self.broken is None

    def _break(self, seal: Seal, record: Mapping[str, Any] | None) -> Break | None:
        if seal.seq != self.seq + 1:
            return Break(self.seq + 1, None, "a seal is missing")
        if record is None:
            return Break(seal.seq, seal.record_id, "the record is gone")
        if hash_of(self.hash, seal.seq, record) != seal.hash:
            return Break(seal.seq, seal.record_id, "the record or its place in the chain was changed")
        if self._heads.get(seal.seq, seal.hash) != seal.hash:
            return Break(seal.seq, seal.record_id, "the chain is not the one whose head was kept")
        return None

    def end(self) -> Break | None:
        """Return the break of the whole chain: a head kept outside that lies beyond its end shows that it was cut."""
        beyond = [seq for seq in self._heads if seq > self.seq]
        if self.broken is None and beyond:
            return Break(self.seq + 1, None, "the end of the chain was cut off")
        return self.broken
