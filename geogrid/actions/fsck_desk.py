"""Check what the desk keeps: disputes, outside orders, enterprises, orders, shifts, numbers, codes, the ledger, figures."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.domain.people import Role
from geogrid.rules.credit_code import fault_of
from geogrid.store import checks_desk as desk

CREDIT_CODE = "An enterprise's credit code does not fit its check character."
# invariant, what a breach of it says (English; the catalogue has the other languages), the query that finds it
QUERIES = (
    ("D1", "Two sessions of mediation take one mediator or one room at one time.", desk.SESSIONS_OVERLAP),
    ("D1", "Agreements, confirmations or consents of a dispute do not belong together.", desk.PAPERS_APART),
    ("D1", "How a dispute ended does not fit what is kept of it.", desk.DISPUTE_ENDS),
    ("D2", "The rounds of an outside order are not those of what came.", desk.ORDER_ROUNDS),
    ("D2", "The state of an outside order is not what was told last.", desk.ORDER_STATES),
    ("D2", "What is to be told to an outside channel stands in no outbox.", desk.ORDER_UNTOLD),
    ("D3", "An enterprise does not lie in the grid that is named.", desk.ENTERPRISE_PLACES),
    ("D3", "Who sees an enterprise is not who visited it.", desk.ENTERPRISE_BODIES),
    ("D3", "A visit was recorded before its day.", desk.VISITS_TO_COME),
    ("D3", "An event of an enterprise is of another kind, or of another one's visit.", desk.ENTERPRISE_EVENTS),
    ("D4", "A milestone is of no matter of the key list, or was reached before it was set.", desk.MILESTONES),
    ("D4", "An order was told to nobody, or its receipts are not its own.", desk.ORDERS),
    ("D4", "A shift was accepted by somebody whom it was not handed to.", desk.SHIFTS),
    ("D5", "The numbers of a window and day have a gap.", desk.WINDOW_NUMBERS),
    ("D5", "The times of a window's number do not follow one another.", desk.WINDOW_TIMES),
    ("D5", "A citizen took a step without the code of this matter.", desk.FOLLOW_CODES),
    ("D6", "An appeal and its line in the ledger do not belong together.", desk.APPEALS),
    ("D6", "Lines of the ledger do not add up.", desk.LEDGER_SUMS),
    ("D6", "A line of the ledger is of a step that was not taken in its month.", desk.LEDGER_MONTHS),
    ("P4", "An event was closed before it was reported.", desk.FIGURES_TIMES),
    ("P4", "A matter was handled by a post that there is not.", desk.FIGURES_POSTS),
    ("P4", "Money was paid under no dispute, or written before its day.", desk.FIGURES_MONEY),
)

Broken = tuple[str, str, list[str]]  # invariant, what is wrong, the rows


def broken_desk(session: Session, *, timezone: str) -> Iterator[Broken]:
    """Yield what is wrong with what the desk keeps, with the rows; ``timezone`` is that of the district's days.

    D1 disputes; D2 outside orders; D3 enterprises; D4 milestones, orders, shifts; D5 windows' numbers and codes to follow by;
    D6 the ledger of assessments; P4 what figures count.
    """
    values = {"timezone": timezone, "roles": [role.value for role in Role]}
    for invariant, says, query in QUERIES:
        asked = {name: value for name, value in values.items() if f":{name}" in query}
        yield invariant, says, [f"{row} ({about})" for row, about in session.execute(text(query), asked)]
    codes = session.scalars(text(desk.CREDIT_CODES))
    yield "D3", CREDIT_CODE, [f"{code} ({fault})" for code in codes if (fault := fault_of(code))]
