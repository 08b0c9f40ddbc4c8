"""The second factor: a secret shared with an app on the person's phone, kept sealed; and codes for the day the phone is lost.

The secret is sealed with the key of this installation (a file outside the database), bound to its person: a copy of the
database alone opens no second factor. A code counts once; recovery codes too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from geogrid.errors import FactorKeyUnfit, FactorWrong
from geogrid.rules.one_time import accepted_step
from geogrid.store import people as stored
from geogrid.store.logins import hash_of
from geogrid.store.tables.people import people

SECRET_BYTES = 20  # RFC 4226, R6
NONCE_BYTES = 12
RECOVERY_CODES = 8
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_GROUP = 6


@dataclass(frozen=True)
class Enrolled:
    """A second factor that counts from now on, with the recovery codes in clear: shown once, kept nowhere."""

    recovery_codes: tuple[str, ...]


def propose(session: Session, person_id: UUID, *, key: bytes) -> bytes:
    """Return the secret of an enrolment that is not confirmed yet; made where there is none. Raises FactorKeyUnfit."""
    row = _row(session, person_id)
    if row.factor_confirmed_at is None and row.factor_sealed is not None:
        return _opened(row.factor_sealed, person_id, key)
    secret = secrets.token_bytes(SECRET_BYTES)
    if row.factor_confirmed_at is None:
        stored.change(session, person_id, {"factor_sealed": _sealed(secret, person_id, key)})
    return secret


def confirm(session: Session, person_id: UUID, code: str, *, key: bytes, at: datetime) -> Enrolled:
    """Let the proposed secret count from now on, where ``code`` shows that the app has it.

    Raises
    ------
    FactorWrong
        for a wrong code, or where nothing is proposed.
    """
    row = _row(session, person_id)
    if row.factor_confirmed_at is not None or row.factor_sealed is None:
        raise FactorWrong(where={"path": "code"})
    step = accepted_step(_opened(row.factor_sealed, person_id, key), code, at=at, last_step=row.factor_last_step)
    if step is None:
        raise FactorWrong(where={"path": "code"})
    codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
    values = {"factor_confirmed_at": at, "factor_last_step": step, "recovery_hashes": [hash_of(_bare(one)) for one in codes]}
    stored.change(session, person_id, values)
    return Enrolled(codes)


def is_code(session: Session, person_id: UUID, code: str, *, key: bytes, at: datetime) -> bool:
    """Whether ``code`` is one of the app or a recovery code, not used before; it is used now. Locks the person's row."""
    row = _row(session, person_id)
    if row.factor_sealed is None or row.factor_confirmed_at is None:
        return False
    step = accepted_step(_opened(row.factor_sealed, person_id, key), code, at=at, last_step=row.factor_last_step)
    if step is not None:
        stored.change(session, person_id, {"factor_last_step": step})
        return True
    left = [kept for kept in row.recovery_hashes if bytes(kept) != hash_of(_bare(code))]
    if len(left) == len(row.recovery_hashes):
        return False
    stored.change(session, person_id, {"recovery_hashes": left})
    return True


def remove(session: Session, person_id: UUID) -> None:
    """Forget a second factor: its phone is lost, or the installation's key is."""
    stored.change(session, person_id, {"factor_sealed": None, "factor_confirmed_at": None, "recovery_hashes": []})


def _row(session: Session, person_id: UUID) -> Row:
    return session.execute(select(people).where(people.c.id == person_id).with_for_update()).one()


def _recovery_code() -> str:
    halves = ("".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_GROUP)) for _ in range(2))
    return "-".join(halves)


def _bare(code: str) -> str:
    return code.strip().lower().replace("-", "").replace(" ", "")


def _sealed(secret: bytes, person_id: UUID, key: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, person_id.bytes)


def _opened(sealed: bytes, person_id: UUID, key: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(bytes(sealed[:NONCE_BYTES]), bytes(sealed[NONCE_BYTES:]), person_id.bytes)
    except InvalidTag as error:
        raise FactorKeyUnfit from error
