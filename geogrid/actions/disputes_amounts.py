"""Amounts of money in a dispute: yuan to the fen, as they stand on a paper that both sides sign."""

from __future__ import annotations

from geogrid.errors import DisputeValue
from geogrid.errors.family import Reason

MOST_YUAN = 1e12
FINEST_YUAN = 1e-6  # what adding amounts up leaves behind is no part of a fen


def yuan(name: str, amount: float | None) -> float | None:
    """Return the amount of the field ``name`` in yuan, to the fen; None for none.

    Raises
    ------
    DisputeValue
        for what is no amount (below 0, a million million or more), and for one that is finer than a fen
    """
    if amount is None:
        return None
    if not 0 <= amount < MOST_YUAN:
        raise DisputeValue(field=name, reason=Reason("it is no amount in yuan"))
    exact = round(amount, 2)
    if abs(exact - amount) > FINEST_YUAN:
        raise DisputeValue(field=name, reason=Reason("an amount in yuan has two decimals at most"))
    return exact
