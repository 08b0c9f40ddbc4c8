"""Who may listen: browsers with an open session, programs with a key. Asked in SQL of its own: this process stays small.

The conditions are those of ``geogrid.store.logins`` and ``keys``; a test holds them side by side. Whoever listens is asked
for again with every heartbeat: a session that ended hears nothing more. Listening alone keeps no session awake.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import psycopg

from geogrid.errors import AccessError

COOKIES = ("__Host-geogrid", "geogrid")
_OPEN = """
    SELECT sessions.id_hash FROM sessions JOIN people ON people.id = sessions.person_id
    WHERE sessions.id_hash = ANY(%(hashes)s) AND sessions.ended_at IS NULL AND people.disabled_at IS NULL
      AND clock_timestamp() < sessions.ends_at AND clock_timestamp() < sessions.seen_at + interval '30 minutes'
      AND NOT people.must_change AND (people.factor_confirmed_at IS NULL OR sessions.factor_at IS NOT NULL)
    UNION ALL
    SELECT api_keys.key_hash FROM api_keys JOIN people ON people.id = api_keys.person_id
    WHERE api_keys.key_hash = ANY(%(hashes)s) AND api_keys.revoked_at IS NULL AND people.disabled_at IS NULL
      AND (api_keys.expires_at IS NULL OR clock_timestamp() < api_keys.expires_at)
"""  # both ride a primary key
_KEPT = "SELECT count(*) FROM api_keys WHERE key_hash = %(hash)s"


def shown_hash(environ: dict[str, Any]) -> bytes:
    """Return the hash of the key or session that a request shows; raises AccessError where it shows none."""
    scheme, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return hashlib.sha256(secret.strip().encode()).digest()
    try:
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        cookies = SimpleCookie()
    found = next((cookies[name].value for name in COOKIES if name in cookies), "")
    if not found:
        raise AccessError(where={"path": "/stream"})
    return hashlib.sha256(found.encode()).digest()


def still_open(connection: psycopg.Connection, hashes: Iterable[bytes]) -> set[bytes]:
    """Return those of ``hashes`` whose session or key is open at this moment."""
    return {bytes(row[0]) for row in connection.execute(_OPEN, {"hashes": list(hashes)})}


def admitted(connection: psycopg.Connection, shown: bytes, setup_key: str) -> bytes:
    """Return what is to be asked for again with each heartbeat; raises AccessError where ``shown`` may not listen.

    The set-up's key is in the database once it was shown to the web server; until then its file is asked.
    """
    if shown in still_open(connection, [shown]):
        return shown
    kept = connection.execute(_KEPT, {"hash": shown}).fetchone()
    if hmac.compare_digest(shown, hashlib.sha256(setup_key.encode()).digest()) and kept is not None and not kept[0]:
        return b""
    raise AccessError(where={"path": "/stream"})
