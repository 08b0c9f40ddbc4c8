"""Deliveries that a carrier did not take."""

from __future__ import annotations

from geogrid.errors.family import GeogridError, SetupError


class CarrierError(GeogridError):
    """The carrier {carrier} did not take the delivery and will not: {reason}. Mend that, then: geogrid notices retry"""

    code = "carrier"


class CarrierDown(CarrierError):
    """The carrier {carrier} could not take the delivery now: {reason}. It is tried again by itself."""

    code = "carrier.down"
    retry = True


class CarrierRefused(CarrierError):
    """The carrier {carrier} must not take this delivery: {reason}."""

    code = "carrier.refused"


class CarriersInvalid(SetupError):
    """The file of carriers {name} cannot be used: {reason}. Compare it with docs/guides/notices.md."""

    code = "setup.carriers"
