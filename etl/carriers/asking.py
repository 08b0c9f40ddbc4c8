"""One HTTP request to an address that others may have named: no redirects, no proxies, no private networks unless allowed.

The name is resolved once, every address it has is judged, and the connection is made to the address that was judged: a name
that answers otherwise a moment later leads nowhere.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from geogrid.errors import CarrierDown, CarrierError, CarrierRefused
from geogrid.errors.family import Reason

MOST_ANSWER_BYTES = 64_000
WHOLE = 2.0  # a request may take so many times the timeout of its single steps
AGAIN = frozenset({408, 425, 429})
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Answer:
    """What the other side said: status, and the first of its words."""

    status: int
    text: str


def ask(
    carrier: str,
    url: str,
    *,
    method: str = "POST",
    headers: Mapping[str, str],
    body: bytes,
    timeout_s: float,
    allow_private: bool = False,
) -> Answer:
    """Send one request and return the answer, whatever its status.

    ``allow_private`` lets it go to private networks and without TLS.

    Raises
    ------
    CarrierRefused
        for an address that must not be asked
    CarrierDown
        where nobody answers in ``timeout_s``
    """
    scheme, host, port, target, address = _judged_url(carrier, url, allow_private)
    connection = _connection(scheme, host, port, address, timeout_s)
    cut = threading.Timer(timeout_s * WHOLE, _cut, [connection])  # who sends a byte now and then holds nobody up
    cut.start()
    try:
        connection.request(method, target, body=body, headers={"User-Agent": "geogrid", **headers})
        with connection.getresponse() as answer:
            return Answer(answer.status, _words(answer))
    except (OSError, http.client.HTTPException) as error:
        raise CarrierDown(carrier=carrier, reason=f"{host}: {type(error).__name__}: {error}") from error
    except ValueError as error:  # a header that no request may carry
        raise CarrierError(carrier=carrier, reason=str(error)) from error
    finally:
        cut.cancel()
        connection.close()


def _words(answer: http.client.HTTPResponse) -> str:
    """Return the first words of an answer; what breaks off after its status is short, and says nothing else of the status."""
    try:
        return answer.read(MOST_ANSWER_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return ""


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def check_status(carrier: str, answer: Answer, accepted: tuple[int, ...] = ()) -> None:
    """Raise where the status says that it was not taken: CarrierDown where trying again can help, else CarrierError."""
    if answer.status in accepted or (not accepted and 200 <= answer.status < 300):
        return
    kind = CarrierDown if answer.status >= 500 or answer.status in AGAIN else CarrierError
    raise kind(carrier=carrier, reason=f"it answered {answer.status}")


def check_url(carrier: str, url: str, *, allow_private: bool = False) -> None:
    """Raise CarrierRefused for an address that must not be asked, CarrierDown for a name that nobody knows just now."""
    _judged_url(carrier, url, allow_private)


def _judged_url(carrier: str, url: str, allow_private: bool) -> tuple[str, str, int, str, str]:
    scheme, host, port, target = _parts(carrier, url, allow_private)
    return scheme, host, port, target, _judged(carrier, host, port, allow_private)


def _parts(carrier: str, url: str, allow_private: bool) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise CarrierRefused(carrier=carrier, reason="the URL cannot be read") from error
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise CarrierRefused(carrier=carrier, reason="the URL does not begin with https://")
    if not parts.hostname or parts.username or parts.password:
        raise CarrierRefused(carrier=carrier, reason="the URL names no host, or carries a password")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port, target


def _judged(carrier: str, host: str, port: int, allow_private: bool) -> str:
    """Return the first address of ``host``; all of them must be public where private ones are not allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CarrierDown(carrier=carrier, reason=Reason("the name {host} is not known just now", host=host)) from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not allow_private and not is_public(address):
            raise CarrierRefused(carrier=carrier, reason=Reason("{host} lies in a private network", host=host))
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet: not this machine, no private or reserved network, no multicast."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (mapped is None or is_public(str(mapped)))


def _connection(scheme: str, host: str, port: int, address: str, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection that will go to ``address`` and ask for ``host``, by certificate too."""

    class Direct(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.create_connection((address, port), timeout_s)
            if scheme == "https":
                self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=host)

    made = Direct(host, port, timeout=timeout_s)
    made.default_port = PORTS[scheme]  # the header Host names the port only where it is another
    return made
