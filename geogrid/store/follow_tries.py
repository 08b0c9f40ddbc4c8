"""Tries to follow a matter, counted for all processes together, by address and by number.

Neither is kept: each is hashed with a secret of the installation into one of ``SLOTS`` rows. So a guesser's numbers leave no
rows behind, nothing has to be swept, and the table tells nobody who looked at what. Two that share a slot share its tries; nobody
without the secret can choose whose. A crash of the database empties every bucket, as with all ``allowances``.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from geogrid.domain.doors import Allowance
from geogrid.store import allowances

SLOTS = 2**16
IPV6_NETWORK = 64  # one household or one server has as many addresses as it likes, of one network

# A person mistypes a few times; who guesses 50 random bits at this pace needs millions of years.
OF_ADDRESS, OF_ADDRESS_IN = 10, timedelta(minutes=2)
# A number has more: else one address could keep the owner of a matter out by guessing at it.
OF_NUMBER, OF_NUMBER_IN = 60, timedelta(minutes=1)


def count(session: Session, address: str, number: str, *, secret: bytes, now: datetime) -> float:
    """Count a try from an address for a number, whether or not there is one; return 0, or the seconds until the next may be.

    ``now`` is the real time. A try that its address is refused for is not counted for the number.
    """
    of_address, of_number = _slot(secret, "address", _network(address)), _slot(secret, "number", number)
    asked = {"count": 1, "now": now}
    wait_s = allowances.take(session, of_address, Allowance.ASK, a_minute=OF_ADDRESS, bucket=OF_ADDRESS_IN, **asked)
    return wait_s or allowances.take(session, of_number, Allowance.ASK, a_minute=OF_NUMBER, bucket=OF_NUMBER_IN, **asked)


def _slot(secret: bytes, of: str, value: str) -> str:
    digest = hmac.new(secret, f"geogrid follow {of} {value}".encode(), hashlib.sha256).digest()
    return f"follow:{of}:{int.from_bytes(digest[:8], 'big') % SLOTS:04x}"


def _network(address: str) -> str:
    """Return what counts as one asker: an address of IPv4, a network of IPv6; any other text is itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
