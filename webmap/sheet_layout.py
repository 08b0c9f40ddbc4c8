"""Sheets of workbooks as people look at them and print them: a bold head that stays, landscape, as wide as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from etl.export import cell_text

A4 = 9
SIMULATED = "模拟数据 SIMULATED"


def lay_out(page: Any, widths: Sequence[float], *, head_row: int, kept_columns: int = 1) -> None:
    """Set what a sheet looks like, before its first row where it is written row by row.

    ``widths`` are in characters; the rows up to ``head_row`` and the first ``kept_columns`` stay when one scrolls, and the row of
    the head is printed on every page.
    """
    for number, width in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(number)].width = width
    page.freeze_panes = f"{get_column_letter(kept_columns + 1)}{head_row + 1}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{head_row}:{head_row}"


def head_cells(page: Any, titles: Iterable[str]) -> list[WriteOnlyCell]:
    """Return the cells of the head, bold and wrapped."""
    cells = [WriteOnlyCell(page, value=cell_text(title)) for title in titles]
    for cell in cells:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    return cells


def number_cell(page: Any, value: float | Decimal | None, decimals: int = 0) -> WriteOnlyCell | None:
    """Return a number that a spreadsheet shows with thousands apart and so many digits; None for none."""
    if value is None:
        return None
    cell = WriteOnlyCell(page, value=value)
    cell.number_format = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return cell
