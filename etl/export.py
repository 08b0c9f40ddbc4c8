"""Tables out: CSV, XLSX, GeoPackage, GeoParquet, GeoJSON. Whole or not at all, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import glob
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.errors import FileTooLarge, OutEndingUnknown, OutFolderMissing, OutNotWritten
from etl.sources.table import is_empty

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones count in East Asian editions
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
EXCEL_DIGITS = 11  # whole numbers up to here show as typed in a spreadsheet; longer ones are codes and stay text
EXCEL_CHARS = 32_767
EXCEL_FIRST_YEAR = 1901  # earlier dates shift: a spreadsheet believes in 29 February 1900
EXCEL_ROWS = 1_048_576
XML_FORBIDS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
RESERVED = {"fid", "geom", "geometry"}
DRAFTS = itertools.count()  # of this process


def write(frame: gpd.GeoDataFrame | pd.DataFrame, path: Path) -> None:
    """Write ``frame`` in the format that the ending of ``path`` names.

    Into CSV and XLSX a geometry goes as a last column ``geometry`` of WKT; into GeoJSON it must be lon/lat. Cells of CSV and
    XLSX that a spreadsheet would take for a formula begin with ``'``; numbers stay numbers.

    Raises
    ------
    OutEndingUnknown, OutFolderMissing
        an ending that is not ours, or a folder that does not exist
    FileTooLarge
        more rows or longer texts than XLSX holds
    OutNotWritten
        a full disk, or a place where nothing may be written; what was there before is unchanged
    """
    with whole(path) as draft:
        WRITERS[path.suffix.lower()](frame, draft)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a draft beside ``path`` that takes its place when all went well, and is gone otherwise; raises as :func:`write`.

    Each draft has a name of its own: of two commands that write one file, the later one stays, whole.
    """
    where = {"path": str(path)}
    if path.suffix.lower() not in WRITERS:
        known = ", ".join(WRITERS)
        raise OutEndingUnknown(name=path.name, known=known, where=where)
    if not path.parent.is_dir():
        raise OutFolderMissing(name=path.name, folder=path.parent, where=where)
    _sweep(path)
    draft = path.with_name(f".{path.stem}.part-{os.getpid()}-{next(DRAFTS)}{path.suffix}")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise OutNotWritten(name=path.name, reason=error.strerror or str(error)[:200], where=where) from error
    finally:
        draft.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove the drafts of ``path`` whose process was ended before it could; those of a living one are left alone."""
    for left in path.parent.glob(f".{glob.escape(path.stem)}.part-*{glob.escape(path.suffix)}"):
        number = left.name.removeprefix(f".{path.stem}.part-").partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            with suppress(OSError):
                left.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True


def escaped(text: str) -> str:
    """Return ``text`` so that no spreadsheet runs it: with ``'`` before it where it begins like a formula and is no number."""
    if text.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def cell_text(text: str) -> str:
    """Return ``text`` as a workbook takes it: no formula, and no character that its XML cannot hold."""
    return CONTROL.sub("\ufffd", escaped(text))


def free_names(names: list[str]) -> list[str]:
    """Return names that SQLite can hold side by side: it does not know case, and some are its own."""
    taken, found = set(RESERVED), []
    for name in names:
        free = str(name)
        while free.lower() in taken:
            free += "_"
        taken.add(free.lower())
        found.append(free)
    return found


# -- text and sheets --------------------------------------------------------------------------------------------------


def _write_csv(frame: Any, path: Path) -> None:
    plain = _without_geometry(frame)
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([escaped(str(name)) for name in plain.columns])
        for row in _rows(plain):
            writer.writerow([escaped(as_text(cell)) for cell in row])


def as_text(cell: Any) -> str:
    """Return a cell as text: empty for nothing, ISO 8601 for times, whole numbers without a point, lists joined by ``;``."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, list | tuple | np.ndarray | dict):
        return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else ";".join(map(str, cell))
    if is_empty(cell):
        return ""
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell)).lower()
    if isinstance(cell, float | np.floating):
        return repr(float(cell))
    return cell.isoformat() if isinstance(cell, datetime | date) else str(cell)


def _write_xlsx(frame: Any, path: Path) -> None:
    from openpyxl import Workbook

    plain = _without_geometry(frame)
    if len(plain) + 1 > EXCEL_ROWS:
        raise FileTooLarge(name=path.name, what="rows", size=len(plain), most=EXCEL_ROWS - 1, where={"path": str(path)})
    longest = max((len(cell) + 1 for row in _rows(plain) for cell in row if isinstance(cell, str)), default=0)
    if longest > EXCEL_CHARS:
        where = {"path": str(path)}
        raise FileTooLarge(name=path.name, what="characters in one cell", size=longest, most=EXCEL_CHARS, where=where)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("geogrid")
    sheet.append([_sheet_cell(str(name), sheet) for name in plain.columns])
    numeric = [_reads_as_numbers(plain.iloc[:, place]) for place in range(len(plain.columns))]
    for row in _rows(plain):
        cells = zip(row, numeric, strict=True)
        sheet.append([_sheet_cell(float_or_int(cell) if number else cell, sheet) for cell, number in cells])
    book.save(path)


def _sheet_cell(value: Any, sheet: Any) -> Any:
    """Return a cell that Excel shows and does not run: a number, a yes or no, or text marked as text."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer) and abs(int(value)) < 10**EXCEL_DIGITS:
        return int(value)
    if isinstance(value, float | np.floating) and np.isfinite(value):
        return float(value)
    if isinstance(value, datetime | date) and not is_empty(value) and _in_a_sheet(value):
        return WriteOnlyCell(sheet, value=value)
    text = XML_FORBIDS.sub("\ufffd", escaped(as_text(value)))
    if not text:
        return None
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _in_a_sheet(value: datetime | date) -> bool:
    """Whether a spreadsheet can hold a time as a time: it knows no offsets."""
    return getattr(value, "tzinfo", None) is None and value.year >= EXCEL_FIRST_YEAR


def _reads_as_numbers(column: pd.Series) -> bool:
    """Whether a column of texts is one of numbers throughout, short enough for a sheet; codes with leading zeros are not."""
    cells = [cell for cell in column.tolist() if not is_empty(cell)]
    texts = [cell for cell in cells if isinstance(cell, str)]
    if not texts or len(texts) != len(cells):
        return False
    return all(PLAIN_NUMBER.fullmatch(text) and len(text.split(".")[0]) <= EXCEL_DIGITS for text in texts)


def float_or_int(cell: Any) -> Any:
    """Return the number that a text of :data:`PLAIN_NUMBER` means; what is empty stays as it is."""
    if is_empty(cell):
        return cell
    return int(cell) if re.fullmatch(r"-?\d+", cell) else float(cell)


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    columns = [frame.iloc[:, place].tolist() for place in range(len(frame.columns))]
    return zip(*columns, strict=True)


def _without_geometry(frame: Any) -> pd.DataFrame:
    """Return a plain table, the geometry as its last column ``geometry`` in WKT."""
    import pandas as pd
    import shapely

    if not hasattr(frame, "geometry"):
        return frame
    shapes = np.asarray(frame.geometry.array, object)
    plain = pd.DataFrame(frame.drop(columns=[frame.geometry.name]))
    return plain.assign(geometry=shapely.to_wkt(shapes, rounding_precision=-1))


# -- geographic formats -----------------------------------------------------------------------------------------------


def _write_gpkg(frame: Any, path: Path) -> None:
    layer = _in_utc(_typed(_spatial(frame)))
    plain = list(layer.columns.drop(layer.geometry.name))
    names = dict(zip(plain, free_names(plain), strict=True))
    with _quiet():
        layer.rename(columns=names).to_file(
            path, layer=path.stem.strip(".").removesuffix(".part"), driver="GPKG", engine="pyogrio"
        )


def _in_utc(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the layer with its times in UTC, the only zone that a GeoPackage knows."""
    import pandas as pd

    out = layer.copy(deep=False)
    for name in out.columns[[isinstance(kind, pd.DatetimeTZDtype) for kind in out.dtypes]]:
        out[name] = out[name].dt.tz_convert("UTC")
    return out


def _write_parquet(frame: Any, path: Path) -> None:
    _typed(_spatial(frame)).to_parquet(path, index=False)


def _write_geojson(frame: Any, path: Path) -> None:
    import shapely

    layer = _spatial(frame)
    shapes = shapely.to_geojson(np.asarray(layer.geometry.array, object))
    plain = layer.drop(columns=[layer.geometry.name])
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for place, (shape, row) in enumerate(zip(shapes, _rows(plain), strict=True)):
            properties = {str(name): _json_cell(cell) for name, cell in zip(plain.columns, row, strict=True)}
            geometry = None if shape is None else json.loads(shape)
            feature = {"type": "Feature", "geometry": geometry, "properties": properties}
            file.write(("," if place else "") + "\n" + json.dumps(feature, ensure_ascii=False, allow_nan=False))
        file.write("\n]}\n")


def _json_cell(cell: Any) -> Any:
    if isinstance(cell, str | bool):
        return cell if isinstance(cell, bool) else storable(cell)
    if isinstance(cell, list | tuple | np.ndarray | datetime | date):
        return as_text(cell)
    if is_empty(cell) or (isinstance(cell, float | np.floating) and not np.isfinite(cell)):
        return None
    return cell.item() if isinstance(cell, np.generic) else cell


def _spatial(frame: Any) -> gpd.GeoDataFrame:
    import geopandas as gpd

    if hasattr(frame, "geometry"):
        return frame
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame), index=frame.index))


def _typed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with columns of one type each, as typed formats need: mixed ones become text."""
    import pandas as pd

    out = frame.copy()
    for name in frame.columns.drop(frame.geometry.name):
        series = frame[name]
        if not (series.dtype == object or pd.api.types.is_string_dtype(series)):
            continue
        kind = pd.api.types.infer_dtype(series, skipna=True)
        if kind in {"boolean", "integer", "floating", "empty"}:
            out[name] = series.convert_dtypes() if kind in {"boolean", "integer"} else series.infer_objects()
        else:
            texts = [None if cell is None or cell != cell else storable(as_text(cell)) for cell in series.tolist()]  # noqa: PLR0124
            out[name] = pd.Series(texts, series.index, object)
    return out


def storable(text: str) -> str:
    """Return ``text`` as UTF-8 and SQLite can hold it: NUL and lone surrogates written out."""
    return text.replace("\0", "\\u0000").encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without geopandas' warning about a missing CRS: a table without places has none to state."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        yield


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
    ".gpkg": _write_gpkg,
    ".parquet": _write_parquet,
    ".geoparquet": _write_parquet,
    ".geojson": _write_geojson,
    ".json": _write_geojson,
}
