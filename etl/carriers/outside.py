"""The carrier of what outside channels are told: the request that stands in the notice, to where the channel's file says.

Their answer is kept with the message: taken, known already, refused with their reason. ``allow_private`` in ``[outside]`` of the
file of carriers lets requests go to networks of one's own, where such hotlines mostly are.
"""

from __future__ import annotations

from collections.abc import Callable
from string import Template
from urllib.parse import urlsplit

from etl.carriers.asking import ask
from etl.carriers.config import CarrierSettings
from geogrid.channels.outside import heard
from geogrid.domain.notices import Delivery
from geogrid.domain.outside import Heard, OutsideChannel, Sending, Verdict
from geogrid.errors import CarrierDown, CarrierError, CarrierRefused, CarriersInvalid
from geogrid.rules.backoff import Backoff

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ChannelOf = Callable[[str], OutsideChannel | None]
HeardBy = Callable[[str, Heard], None]


def send(delivery: Delivery, settings: CarrierSettings, *, channel_of: ChannelOf, heard_by: HeardBy) -> None:
    """Tell an outside channel; ``heard_by`` keeps, by the occasion of the notice, what it answered.

    Raises
    ------
    CarrierRefused
        where nobody may be told: the channel is gone or has no address, or the district is made up and the address a real one
    CarrierError
        where they refused it
    CarrierDown
        where they may take it later, or a secret is not there yet; it says by what waits
    """
    told, occasion = delivery.notice.payload, delivery.notice.occasion
    channel = channel_of(str(told.get("channel", "")))
    if channel is None or channel.send is None:
        raise CarrierRefused(carrier=settings.name, reason="the channel has no address to send to")
    if settings.synthetic_district and urlsplit(channel.send.url).hostname not in LOOPBACK:
        raise CarrierRefused(carrier=settings.name, reason="the district is made up")
    waits = Backoff(channel.retry.first_s, channel.retry.longest_s, channel.retry.most_tries)
    try:
        headers = _headers(channel.send, delivery, settings)
    except CarriersInvalid as error:
        missing = f"no secret {channel.send.secret}"
        heard_by(occasion, Heard(None, missing))
        raise CarrierDown(carrier=settings.name, reason=missing, backoff=waits) from error
    try:
        answer = ask(
            settings.name, channel.send.url.rstrip("/") + str(told["path"]), method=str(told["method"]),
            headers=headers, body=str(told["body"]).encode(),
            timeout_s=channel.send.time_out_s, allow_private=settings.get("allow_private", False),
        )  # fmt: skip
    except CarrierDown as error:
        heard_by(occasion, Heard(None, str(error.values["reason"])))
        raise CarrierDown(carrier=settings.name, reason=error.values["reason"], backoff=waits) from error
    found = heard(channel, answer.status, answer.text)
    heard_by(occasion, found)
    if found.verdict is None:
        raise CarrierDown(carrier=settings.name, reason=found.reason, backoff=waits)
    if found.verdict is Verdict.REFUSED:
        raise CarrierError(carrier=settings.name, reason=found.reason)


def _headers(to: Sending, delivery: Delivery, settings: CarrierSettings) -> dict[str, str]:
    """Return the headers; the key is the same at every try of a delivery."""
    headers = {"Content-Type": to.content_type, to.key_header: str(delivery.id)}
    if to.secret:
        headers[to.header] = Template(to.value).substitute(secret=settings.secret(to.secret))
    return headers
