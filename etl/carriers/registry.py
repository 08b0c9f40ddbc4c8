"""All carriers by name, and the rule above them: a real carrier reaches no made-up person and serves no made-up district."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from etl.carriers import file, mail, text_message, webhook
from etl.carriers.config import FILE, OUTSIDE, CarrierSettings, CarriersTold
from geogrid.domain.notices import Delivery
from geogrid.errors import CarrierError, CarrierRefused
from geogrid.rules.backoff import USUAL
from geogrid.store.outbox import Result

Sender = Callable[[Delivery, CarrierSettings], None]
SENDERS: dict[str, Sender] = {"message": text_message.send, "mail": mail.send, "webhook": webhook.send, FILE: file.send}


def senders_with(secret_of: Callable[[str], str | None]) -> dict[str, Sender]:
    """Return the senders where every receiver of webhooks has a secret of his own: ``secret_of(recipient)``."""
    return {**SENDERS, "webhook": partial(webhook.send, secret_of=secret_of)}


def send(delivery: Delivery, told: CarriersTold, senders: dict[str, Sender] = SENDERS) -> None:
    """Send a delivery by its carrier, or by the one that takes everything.

    Raises
    ------
    CarrierRefused
        where its carrier is not set up, the recipient or the district is made up, or there is no address to send to
    CarrierError, CarrierDown
        where it was not taken
    CarriersInvalid
        where the settings of the carrier lead nowhere
    """
    name = told.name_for(delivery.carrier)
    settings = told.by_name.get(name)
    if settings is None or name not in senders:
        raise CarrierRefused(carrier=name, reason="it is not set up")
    if name not in {FILE, OUTSIDE}:  # outside channels are asked where they lie by their own sender
        _check_real(delivery, settings)
    senders[name](delivery, settings)


def _check_real(delivery: Delivery, settings: CarrierSettings) -> None:
    if settings.synthetic_district:
        raise CarrierRefused(carrier=settings.name, reason="the district is made up")
    if delivery.to.synthetic:
        raise CarrierRefused(carrier=settings.name, reason="the recipient is made up")
    if not delivery.to.address:
        raise CarrierRefused(carrier=settings.name, reason="the recipient has no address for it")


def tried(delivery: Delivery, told: CarriersTold, senders: dict[str, Sender] = SENDERS) -> Result:
    """Send a delivery and return what became of it, whatever happened."""
    try:
        send(delivery, told, senders)
    except CarrierError as error:
        waits = error.values.get("backoff", USUAL)
        return Result(str(error), retry=error.retry, refused=isinstance(error, CarrierRefused), backoff=waits)
    except Exception as error:  # one fault must not stop the others; the row says what it was
        return Result(f"{type(error).__name__}: {error}")
    return Result()
