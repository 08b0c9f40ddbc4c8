"""From numerator and denominator to one number: cut off, never rounded, so that nothing is told as 100 % that is not all."""

from __future__ import annotations

from decimal import Decimal

from geogrid.domain.indicators import Indicator, Measure

SECONDS_AN_HOUR = 3600
WITHOUT_SMALL = {Measure.COUNT, Measure.SUM}


def truncated(numerator: int | Decimal, denominator: int, decimals: int, factor: int = 1) -> Decimal | None:
    """Return ``factor * numerator / denominator`` with ``decimals`` digits, the others cut off; None where nothing is divided by.

    >>> truncated(1031, 1069, 2, 100)
    Decimal('96.44')
    """
    if denominator <= 0:
        return None
    exact = Decimal(numerator)
    scale = 10 ** max(0, -int(exact.as_tuple().exponent))  # whole numbers divide exactly, whatever the decimals of the sum
    units = int(exact * scale) * factor * 10**decimals // (denominator * scale)
    return Decimal(units).scaleb(-decimals)


def value_of(indicator: Indicator, numerator: int | Decimal, denominator: int, middle: int | None = None) -> Decimal | None:
    """Return the value of a figure; ``middle`` are the seconds in the middle, for a median."""
    decimals = indicator.decimals
    match indicator.measure:
        case Measure.SHARE:
            return truncated(numerator, denominator, decimals, 100)
        case Measure.MEDIAN:
            return None if middle is None else truncated(middle, SECONDS_AN_HOUR, decimals)
        case Measure.MEAN | Measure.PER:
            return truncated(numerator, denominator, decimals)
        case _:
            return truncated(numerator, 1, decimals if indicator.measure is Measure.SUM else 0)


def is_small(indicator: Indicator, denominator: int) -> bool:
    """Whether so few are divided by that the figure says little; a plain count or sum divides by nothing."""
    return indicator.measure not in WITHOUT_SMALL and denominator < indicator.smallest
