"""Which column of a file is read as which of ours; what is left over on either side is said, for nothing may vanish unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from etl.sources.table import Note

MOST_DBF_NAME = 10  # characters that the table of a Shapefile keeps of a column's name
PLACES = frozenset({"lon", "lat", "datum"})  # read for the place of a row, not as a column of its kind
OWN = ("refused_row", "refused_code", "refused_zh", "refused_en")  # columns of a file of refused rows


@dataclass(frozen=True)
class Columns:
    """The columns of a table beside those of its kind.

    ``cut`` holds pairs of the file's cut name and ours; ``unused`` names of the file; ``absent`` ours that it does not have.
    """

    cut: tuple[tuple[str, str], ...] = ()
    unused: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def notes(self) -> tuple[Note, ...]:
        """Return what is to be said of them."""
        read = tuple(Note("Column {column} is read as {name}", {"column": theirs, "name": ours}) for theirs, ours in self.cut)
        listed = (
            ("Columns of the file that are not used: {columns}", self.unused),
            ("Columns that the file does not have: {columns}", self.absent),
        )
        return (*read, *(Note(message, {"columns": ", ".join(names)}) for message, names in listed if names))


def cut_names(theirs: Iterable[str], ours: Sequence[str]) -> dict[str, str]:
    """Return our name -> their column for names cut to 10 characters, where exactly one of ours and one of theirs fit.

    A name of ours that the file spells out is not looked for.
    """
    theirs = list(theirs)
    spelt = {name.lower() for name in theirs}
    wanted = [name for name in ours if len(name) > MOST_DBF_NAME and name not in spelt]
    fits = [(name, column) for name in wanted for column in theirs if column.lower() == name[:MOST_DBF_NAME]]
    return {
        name: column
        for name, column in fits
        if sum(other == name for other, _ in fits) == 1 and sum(other == column for _, other in fits) == 1
    }


def columns_of(theirs: Iterable[str], used: Mapping[str, str], wanted: Sequence[str], filled: Iterable[str]) -> Columns:
    """Return the columns of a file.

    Parameters
    ----------
    theirs : the columns of the file
    used : our name -> their column
    wanted : the columns of the kind
    filled : names of ours that the user gives a value for
    """
    theirs = list(theirs)
    cut = cut_names(theirs, wanted)
    taken = {column for name, column in used.items() if name in wanted or name in PLACES}
    unused = tuple(column for column in theirs if column not in taken and column.lower() not in OWN)
    absent = tuple(name for name in wanted if name not in used and name not in set(filled) and name != "synthetic")
    pairs = tuple((column, name) for name, column in used.items() if cut.get(name) == column)
    return Columns(pairs, unused, absent)
