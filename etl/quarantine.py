"""Refused rows as files: ``refused.gpkg`` to mend and load again, ``refused.geojson`` to look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.cells import whole
from etl.export import free_names, storable
from etl.located import locate
from etl.recipe import Recipe, in_our_names
from etl.report import LANGUAGES, ImportReport, Part
from etl.sources.table import Table, is_empty
from geogrid.errors import GeogridError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

MARK = "refused_code"  # a table with this column is one of ours, mended: its rows are added to those loaded before


def write_quarantine(report: ImportReport, recipes: dict[str, Recipe], folder: Path) -> None:
    """Write the refused rows of ``report`` into ``folder``; no files where nothing was refused. ``recipes`` are by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    features: list[dict[str, Any]] = []
    for part in report.parts:
        if part.refused:
            _write_layer(part, folder / "refused.gpkg")
            features += _features(part, recipes[part.kind])
    if features:
        text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
        (folder / "refused.geojson").write_text(text, encoding="utf-8")


def is_quarantine(table: Table) -> bool:
    """Whether ``table`` was written here."""
    return MARK in table.frame


def _write_layer(part: Part, path: Path) -> None:
    import geopandas as gpd

    frame = refused_frame(part)
    table = part.checked.table
    shapes = np.full(len(frame), None, object) if table.geometry is None else table.geometry[_positions(part)]
    crs = table.crs if table.geometry is not None else None
    layer = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=crs), crs=crs)
    _write(layer, path, part.kind)


def _write(layer: gpd.GeoDataFrame, path: Path, name: str) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")  # a table without geometry has none to state
        layer.to_file(path, layer=name, driver="GPKG", engine="pyogrio", mode="a" if path.exists() else "w")


def refused_frame(part: Part) -> pd.DataFrame:
    """Return the refused rows with their columns as they came and why they were refused."""
    import pandas as pd

    source = part.checked.table.frame.iloc[_positions(part)]
    columns: dict[str, Any] = {
        new: [_cell(value) for value in source[name].tolist()] for name, new in layer_names(part.checked.table).items()
    }
    columns["refused_row"] = [refusal.row for refusal in part.refused]
    columns[MARK] = [refusal.error.code for refusal in part.refused]
    for language in LANGUAGES:
        columns[f"refused_{language}"] = [storable(refusal.error.message(language)) for refusal in part.refused]
    return pd.DataFrame(columns)


def layer_names(table: Table) -> dict[str, str]:
    """Return what each column of ``table`` is called in ``refused.gpkg``, which knows no case and has names of its own."""
    names = [str(name) for name in table.frame.columns if not str(name).lower().startswith("refused_")]
    return dict(zip(names, free_names(names), strict=True))


def _positions(part: Part) -> list[int]:
    return [refusal.position for refusal in part.refused]


def _cell(value: Any) -> Any:
    if isinstance(value, np.ndarray | list):
        return ";".join(map(str, value))
    return None if is_empty(value) else storable(str(whole(value)))


def _features(part: Part, recipe: Recipe) -> list[dict[str, Any]]:
    """Return what can be shown of the refused rows: their shapes on the datum of record, else the place of the fault."""
    import shapely

    shapes = _shapes(part, recipe)
    found = []
    for refusal in part.refused:
        shape = shapes[refusal.position]
        usable = shape is not None and bool(np.isfinite(shapely.get_coordinates(shape)).all()) and not shape.is_empty
        geometry = json.loads(shapely.to_geojson(shape)) if usable else None
        if geometry is None and refusal.lonlat is not None:
            geometry = {"type": "Point", "coordinates": list(refusal.lonlat)}
        words = {language: storable(refusal.error.message(language)) for language in LANGUAGES}
        properties = {"kind": part.kind, "row": refusal.row, "code": refusal.error.code, **words}
        found.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return found


def _shapes(part: Part, recipe: Recipe) -> np.ndarray:
    table = part.checked.table
    try:
        ours = in_our_names(table, recipe, part.checked.kind.names)
        return locate(ours, datum=recipe.datum, datum_column="datum" if part.kind == "events" else None).geometry
    except GeogridError:
        return np.array([None] * len(table), object)
