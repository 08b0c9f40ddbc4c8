"""How much of its allowance each caller used, counted for all processes at once.

A bucket holds a minute's worth and fills evenly. Its whole state is one instant, ``taken_until``: when it will be full again
(the generic cell rate algorithm). So a row never grows, and nothing has to be swept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geogrid.domain.doors import Allowance
from geogrid.store.tables.doors import allowances

BUCKET = timedelta(minutes=1)


def take(
    session: Session,
    who: str,
    allowance: Allowance,
    *,
    count: int,
    a_minute: int,
    now: datetime,
    bucket: timedelta = BUCKET,
) -> float:
    """Take ``count`` requests of the ``a_minute`` that ``who`` has; return 0, or the seconds until so many are there again.

    ``bucket`` is the time in which the whole of ``a_minute`` comes back, where that is another than a minute. All of ``count`` or
    none is taken. One statement that rides the primary key; a second only where it is refused.

    Raises
    ------
    ValueError
        for a ``count`` that never is there
    """
    if count > a_minute:
        raise ValueError(f"{count} of {a_minute} a minute")
    cost, earliest = bucket * count / a_minute, func.greatest(allowances.c.taken_until, now)
    row = {"who": who, "allowance": allowance.value, "taken_until": now + cost}
    taking = (
        insert(allowances)
        .values(**row)
        .on_conflict_do_update(
            index_elements=["who", "allowance"],
            set_={"taken_until": earliest + cost},
            where=earliest + cost <= now + bucket,
        )
        .returning(allowances.c.taken_until)
    )
    if session.scalar(taking) is not None:
        return 0.0
    mine = (allowances.c.who == who, allowances.c.allowance == allowance.value)
    until = session.scalar(select(allowances.c.taken_until).where(*mine))
    return max(0.001, (until + cost - now - bucket).total_seconds()) if until else 0.0
