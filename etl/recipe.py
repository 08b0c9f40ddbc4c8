"""What the user says about a file: which column is which, what their words mean, in which datum, form and zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from etl.columns import cut_names
from etl.errors import OptionInvalid
from etl.sources.table import ReadOptions, Table, is_empty
from geogrid.errors.family import Reason

if TYPE_CHECKING:
    import pandas as pd

ANYTHING = "*"
NO_COLUMN = "{file} has no column {column!r}; it has: {found}"
GEOMETRY = "geometry"  # a column mapped to this name is taken by the reader of the file


@dataclass(frozen=True)
class Recipe:
    """How to read one file.

    Attributes
    ----------
    columns : our name -> their column
    constants : our name -> the value of cells that are empty or of a column the file lacks
    values : our name -> their word -> our word; ``*`` stands for every other word
    datum, time_format, tz, layer, encoding : as the options of ``geogrid load`` say
    said_by : our name -> the option that names its column, where it is not ``--map``
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    datum: str | None = None
    time_format: str | None = None
    tz: str | None = None
    layer: str | None = None
    encoding: str | None = None
    said_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def read_options(self) -> ReadOptions:
        """What the reader of the file needs of it."""
        return ReadOptions(self.layer, self.encoding, geometry=self.columns.get(GEOMETRY))


def parse_columns(texts: Sequence[str], lon: str | None = None, lat: str | None = None) -> dict[str, str]:
    """Return our name -> their column from options ``COL=name``; raises OptionInvalid."""
    pairs = [_split(text, "=", "--map", "COLUMN=NAME") for text in texts]
    found = {ours: theirs for theirs, ours in pairs}
    if len(found) != len(pairs):
        raise OptionInvalid(option="--map", reason="one name is given two columns")
    return found | {name: column for name, column in (("lon", lon), ("lat", lat)) if column}


def parse_constants(texts: Sequence[str]) -> dict[str, str]:
    """Return our name -> value from options ``NAME=VALUE``; raises OptionInvalid."""
    return dict(_split(text, "=", "--set", "NAME=VALUE") for text in texts)


def parse_values(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return our name -> their word -> our word from options ``NAME:THEIRS=OURS``; raises OptionInvalid."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        name, words = _split(text, ":", "--value", "NAME:THEIRS=OURS")
        theirs, ours = _split(words, "=", "--value", "NAME:THEIRS=OURS")
        found.setdefault(name, {})[theirs] = ours
    return found


def _split(text: str, mark: str, option: str, form: str) -> tuple[str, str]:
    left, found, right = text.rpartition(mark) if mark == "=" else text.partition(mark)
    if not found or not left.strip() or not right.strip():
        raise OptionInvalid(option=option, reason=Reason("{text!r} is not of the form {form}", text=text, form=form))
    return left.strip(), right.strip()


def sources_of(columns: Sequence[str], recipe: Recipe, wanted: Sequence[str] = ()) -> dict[str, str]:
    """Return the name under which each of ``columns`` is known -> the column; one that is mapped is known by that name too.

    A column keeps its name, in lower case where nothing else has that; a name cut to 10 characters, as in the table of a
    Shapefile, stands for the one of ``wanted`` that it can only be.
    """
    found = {name: column for name, column in recipe.columns.items() if name != GEOMETRY}
    mapped = set(found.values())
    for column in columns:
        found.setdefault(str(column), column)
    for column in columns:
        found.setdefault(str(column).lower(), column)
    for name, column in cut_names([column for column in columns if column not in mapped], wanted).items():
        found.setdefault(name, column)
    return found


def in_our_names(table: Table, recipe: Recipe, wanted: Sequence[str] = ()) -> Table:
    """Return the table with our column names, constants filled in and words translated; raises OptionInvalid.

    ``wanted`` are the columns that are looked for; see :func:`sources_of`.
    """
    frame = table.frame
    columns = {name: column for name, column in recipe.columns.items() if name != GEOMETRY}
    unknown = [column for column in columns.values() if column not in frame]
    if unknown:
        found = ", ".join(map(str, frame.columns))
        name = next(name for name, column in columns.items() if column == unknown[0])
        option = recipe.said_by.get(name, f"--{name}" if name in {"lon", "lat"} else "--map")
        raise OptionInvalid(option=option, reason=Reason(NO_COLUMN, file=table.path.name, column=unknown[0], found=found))
    sources = sources_of(frame.columns, recipe, wanted)
    ours: dict[str, pd.Series] = {name: frame[column] for name, column in sources.items()}
    for name, value in recipe.constants.items():
        ours[name] = _filled(ours.get(name), value, table)
    for name, words in recipe.values.items():
        if name not in ours:
            raise OptionInvalid(option="--value", reason=Reason("there is no column {name}", name=name))
        ours[name] = ours[name].map(lambda cell, words=words: _word(cell, words))
    import pandas as pd

    return replace(table, frame=pd.DataFrame(ours, index=frame.index))


def _filled(series: pd.Series | None, value: str, table: Table) -> pd.Series:
    import pandas as pd

    if series is None:
        return pd.Series([value] * len(table), index=table.frame.index, dtype=object)
    return series.astype(object).map(lambda cell: value if is_empty(cell) else cell)


def _word(cell: object, words: Mapping[str, str]) -> object:
    if is_empty(cell):
        return cell
    text = str(cell).strip()
    return words.get(text, words.get(ANYTHING, cell))
