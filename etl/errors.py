"""What can be wrong with a file or with one row of it. As in ``geogrid.errors``, the docstring is the English message."""

from __future__ import annotations

from geogrid.errors import (
    CoordError,
    CoordType,
    DatumUnknown,
    EditionState,
    EditionSuspicious,
    FileError,
    GeometryError,
    GeometryType,
    InputError,
    TimeInvalid,
    UnavailableError,
)
from geogrid.errors.family import WORDS

# -- the file ---------------------------------------------------------------------------------------------------------


class FilePathRefused(FileError):
    """{name} is not a file on this computer. Save it here first; network addresses and GDAL's own paths are not opened."""

    code = "file.path"


class FileFormatRefused(FileError):
    """{name} is not accepted: {reason}. Accepted by content: {known}."""

    code = "file.format"


class RowOfNobody(InputError):
    """The worker {code} cannot be taken: {reason}. Mend the row and load the file again."""

    code = "worker.row"


class OutFolderMissing(FileError):
    """{name} cannot be written: there is no folder {folder}. Make it first, or write somewhere else."""

    code = "file.folder"


class OutNotWritten(FileError):
    """{name} cannot be written: {reason}. What was there before is unchanged. Make room, or write somewhere else."""

    code = "file.not_written"


class TemporaryFull(UnavailableError):
    """There is no room for temporary files in {folder}. Make room there, or name another folder in TMPDIR."""

    code = "file.no_room"


class FileEmpty(FileError):
    """{name} has no rows. Check that it is the file that is meant, and the layer."""

    code = "file.empty"


class OutEndingUnknown(FileError):
    """{name} cannot be written: its ending names no format. Endings that do: {known}."""

    code = "file.format"


class FileTooLarge(FileError):
    """{name} is too large: {what} {size}, at most {most}. Split it, or leave out what is not needed."""

    code = "file.too_large"
    worded = WORDS | {"what"}


class FileEncodingRefused(FileError):
    """The text of {name} cannot be read: {reason}. Save it as UTF-8."""

    code = "file.encoding"


class FileDamaged(FileError):
    """{name} is damaged or cut short: {reason}. Make or send it again."""

    code = "file.damaged"


class ArchiveRefused(FileError):
    """The archive {name} is not opened: {reason}."""

    code = "file.archive"


class LayerUnknown(FileError):
    """{name} has no layer {layer!r}. It has: {known}. Name one with --layer."""

    code = "file.layer"


class LayerNotNamed(LayerUnknown):
    """{name} holds several layers: {known}. Name one with --layer."""

    code = "file.layer"


class HeaderRefused(FileError):
    """The header of {name} cannot be used: {reason}. The first row must name every column once."""

    code = "file.header"


class DatumNotStated(DatumUnknown):
    """{name} does not say its coordinate system, and it is not guessed. State it with --datum, one of: {known}; or EPSG:n."""

    code = "coord.datum"


class ColumnMissing(FileError):
    """{name} has no column for {wanted}. It has: {found}. Name it with --map COLUMN={first}."""

    code = "file.column"


class OptionInvalid(InputError):
    """The option {option} cannot be used: {reason}."""

    code = "option.invalid"


class RowsRefused(InputError):
    """{count} rows are refused, so that with --strict nothing was loaded. The report names them."""

    code = "rows.refused"


class NothingAccepted(InputError):
    """None of the {count} rows of {name} can be taken, so that nothing was loaded: {codes}. The report names every row."""

    code = "rows.none"


class MovedNotLoaded(EditionSuspicious):
    """{count} of {total} {kind} share no area with their old selves; nothing was loaded. If meant, load with --accept-moved."""

    code = "edition.moved"


class EditionTakesNoRows(EditionState):
    """The edition {name} is {state} and takes no more rows. Load into a new one: choose another name with --edition."""

    code = "edition.state"


# -- JSON -------------------------------------------------------------------------------------------------------------


class JsonSyntax(FileError):
    """{name} is not whole JSON: {reason} in line {line}, column {column}."""

    code = "json.syntax"


class JsonNan(FileError):
    """{name} holds the number {value}, which JSON does not know. Write null instead."""

    code = "json.nan"


class JsonDuplicateKey(FileError):
    """{name} names {key!r} twice in one object, so that it is unclear which one counts."""

    code = "json.duplicate_key"


class JsonDepth(FileError):
    """{name} is nested more than {most} deep."""

    code = "json.depth"


class GeojsonType(FileError):
    """{name} is not a GeoJSON FeatureCollection: {reason}."""

    code = "geojson.type"


# -- a row ------------------------------------------------------------------------------------------------------------


class GeometryMissing(GeometryError):
    """There is no geometry."""

    code = "geom.missing"


class RingOpen(GeometryError):
    """A ring does not end where it begins, near {lon}, {lat}. Close it."""

    code = "geom.ring_open"


class RingShort(GeometryError):
    """A ring or line has {points} points; at least {least} are needed."""

    code = "geom.ring_short"


class GeometryTypeUnknown(GeometryType):
    """{got} is not a geometry that can be used here; {wanted} is needed."""

    code = "geom.type"


class CodeMissing(InputError):
    """The code is missing."""

    code = "code.missing"


class CodePattern(InputError):
    """The code {value!r} does not fit the pattern {pattern} of the profile."""

    code = "code.pattern"


class CodeDuplicate(InputError):
    """The code {value!r} is already used in row {first}."""

    code = "code.duplicate"


class ValueMissing(InputError):
    """{column} is missing."""

    code = "value.missing"


class ValueUnknown(InputError):
    """{column} is {value!r}; known values: {known}. Translate it with --value {column}:THEIRS=OURS."""

    code = "value.unknown"


class ValueType(InputError):
    """{column} is {value!r}, not {wanted}."""

    code = "value.type"


class ValueRange(InputError):
    """{column} is {value}; it must be from {least} to {most}."""

    code = "value.range"


class NumberPrecision(InputError):
    """{column} is {value}: a spreadsheet turned the number into an inexact one. Format the column as text and type it again."""

    code = "value.precision"


class FormulaEmpty(InputError):
    """Cell {cell} holds a formula without a stored value. Open and save the workbook in a spreadsheet program."""

    code = "value.formula"


class RowFields(InputError):
    """The row has {found} fields; the header names {wanted}."""

    code = "row.fields"


class RowHeaderAgain(InputError):
    """The row repeats the header."""

    code = "row.header"


class TextInvalid(InputError):
    """{column} holds a character that cannot be stored: {character}."""

    code = "text.invalid"


class LocationMissing(CoordError):
    """No location: the row has neither coordinates nor a geometry."""

    code = "coord.missing"


class LocationUncertain(CoordError):
    """No location, and its words leave it open: most likely {name}, {percent} % sure, within {radius} m. Confirm the place."""

    code = "coord.uncertain"


class CoordText(CoordType):
    """{column} is {value!r}, which is not a number of degrees. Write 126.6, without degree signs or decimal commas."""

    code = "coord.type"


class NameOfNothing(InputError):
    """A former name needs its kind, the old name, and the code or the name of what is called so no longer."""

    code = "name.of_nothing"


class ClosureOfNothing(InputError):
    """A closure needs its code, its first day, and a road's code or a line; its last day is not before the first."""

    code = "closure.of_nothing"


class NoStationOpen(InputError):
    """None of {count} stations is capable and open: {closed} are closed then, {unknown} state no readable hours, {other} do not
    take it. Next opening: {next}."""

    code = "station.none_open"


class DateForm(InputError):
    """{column} is {value!r}, not a date such as 1998-07-01 or a year."""

    code = "date.form"


class TimeStandIn(TimeInvalid):
    """The time {value!r} lies before 1990: it looks like a stand-in for "none". Leave the cell empty instead."""


class StationUnknown(InputError):
    """There is no station {code} in the file of stations. Check the code; the centre has no circle and does not count."""

    code = "station.unknown"


class NoCircles(InputError):
    """The file of stations names the centre alone, which has no circle. Name stations or points too."""

    code = "station.no_circle"


class RowUnfit(InputError):
    """This row cannot be taken: {reason}."""

    code = "row.unfit"


class RowsUnfit(InputError):
    """{count} of {rows} rows cannot be taken; nothing was stored. Mend them and load the file again. {reason}"""

    code = "rows.unfit"
