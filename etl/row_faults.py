"""Every row of a file that cannot be taken, told at once with its number and reason."""

from __future__ import annotations

from collections.abc import Mapping

from etl.errors import RowsUnfit
from etl.sources.table import Note
from geogrid.errors import GeogridError
from geogrid.errors.family import Reasons

MOST_TOLD = 20


class _Told(str):
    """A note as one of several reasons."""

    note: Note

    def __new__(cls, note: Note) -> _Told:
        self = super().__new__(cls, note.words("en"))
        self.note = note
        return self

    def words(self, language: str) -> str:
        """Return the note in a language."""
        return self.note.words(language)


def refuse(faults: Mapping[int, GeogridError], rows: int) -> None:
    """Raise RowsUnfit where any of ``rows`` is at fault; ``faults`` by the row's number."""
    if not faults:
        return
    first = sorted(faults)[:MOST_TOLD]
    notes = [Note("row {row}: {reason}", {"row": row, "reason": faults[row]}) for row in first]
    if len(faults) > len(first):
        notes.append(Note("and {count} more", {"count": len(faults) - len(first)}))
    raise RowsUnfit(count=len(faults), rows=rows, reason=Reasons(map(_Told, notes), "; "), where={"rows": first})
