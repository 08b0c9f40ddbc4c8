"""A month's assessment as a workbook: a sheet for each kind of subject, one for every line, one for the rules."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from etl.export import cell_text
from geogrid.domain.assessment import Sheet, Subject
from geogrid.rules.assessment import Score
from geogrid.store.assessment import Line
from webmap.account_pages import shown_time
from webmap.language import current_language, label, say
from webmap.sheet_layout import SIMULATED, head_cells, lay_out, number_cell

Names = Mapping[Subject, Mapping[str, str]]
HEAD_ROW = 3
OF_SCORES = (8, 22, 10, 10, 22, 12)
OF_LINES = (26, 20, 20, 10, 14, 18, 12)
OF_RULES = (24, 24, 10, 12, 26, 32)
OF_A_RULE = 14


def workbook(
    sheet: Sheet,
    month: str,
    parts: Mapping[Subject, Sequence[Score]],
    names: Names,
    lines: Sequence[Line],
    numbers: Mapping[UUID, str],
    *,
    synthetic: bool,
    ranked: bool,
    at_closing: Mapping[Subject, Mapping[str, float]],
) -> bytes:
    """Return the bytes of the workbook; ``numbers`` are those of the events that the reader may see.

    ``at_closing`` are the points with which a closed month was closed, by kind and subject.
    """
    book = Workbook()
    book.remove(book.active)
    mark = [[f"{sheet.title.text(current_language())} · {month}"], [SIMULATED] if synthetic else []]
    for kind, found in parts.items():
        _scores(_new(book, label(kind), mark), sheet, kind, found, names[kind], ranked=ranked, at_closing=at_closing[kind])
    _lines(_new(book, say("Lines"), mark), sheet, lines, names, numbers)
    _rules(_new(book, say("Rules"), mark), sheet)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _new(book: Workbook, title: str, mark: list[list[str]]) -> Worksheet:
    page = book.create_sheet(title.replace("/", " ")[:31])
    for line in mark:
        page.append(line)
    return page


def _head(page: Worksheet, titles: Sequence[str], widths: Sequence[float], *, kept_columns: int = 1) -> None:
    page.append(head_cells(page, titles))
    lay_out(page, widths, head_row=HEAD_ROW, kept_columns=kept_columns)


def _scores(
    page: Worksheet,
    sheet: Sheet,
    kind: Subject,
    found: Sequence[Score],
    names: Mapping[str, str],
    *,
    ranked: bool,
    at_closing: Mapping[str, float],
) -> None:
    rules = [rule for rule in sheet.rules if kind in rule.subjects]
    titles = [rule.title.text(current_language()) for rule in rules]
    head = [say("Rank"), label(kind), say("Points"), say("Outcomes"), say("Remark"), say("Points at the closing"), *titles]
    _head(page, head, (*OF_SCORES, *(OF_A_RULE for _ in rules)), kept_columns=2)
    for one in found:
        remark = say("too few outcomes for a rank") if one.is_small else ""
        told = [one.rank if ranked else None, cell_text(names.get(one.subject, one.subject)), _points(page, one.points)]
        points = [_points(page, one.by_rule.get(rule.code, (0.0, 0.0))[0]) for rule in rules]
        page.append([*told, one.outcomes, remark, _points(page, at_closing.get(one.subject)), *points])


def _points(page: Worksheet, points: float | None) -> Any:
    cell = number_cell(page, points, 1)
    if cell is not None:
        cell.number_format = "#,##0.0#"  # a sheet may have quarters
    return cell


def _lines(page: Worksheet, sheet: Sheet, lines: Sequence[Line], names: Names, numbers: Mapping[UUID, str]) -> None:
    titles = ("Who", "Rule", "Event", "Points", "Kind of line", "Written", "Version of the sheet")
    _head(page, [say(title) for title in titles], OF_LINES)
    for line in lines:
        rule = sheet.rule(line.key.rule)
        who = names[line.key.subject_kind].get(line.key.subject, line.key.subject)
        title = rule.title.text(current_language()) if rule else line.key.rule
        number = numbers.get(line.key.event_id, "")
        told = [cell_text(who), cell_text(title), cell_text(number), _points(page, line.points)]
        page.append([*told, label(line.kind), shown_time(line.written_at), line.sheet_version])


def _rules(page: Worksheet, sheet: Sheet) -> None:
    titles = ("Rule", "Outcome", "Points", "Bound in a month", "Clocks", "Who")
    _head(page, [say(title) for title in titles], OF_RULES)
    for rule in sheet.rules:
        who = say(", ").join(label(kind) for kind in rule.subjects)
        title = cell_text(rule.title.text(current_language()))
        page.append(
            [title, label(rule.outcome), _points(page, rule.points), _points(page, rule.most), ", ".join(rule.clocks), who]
        )
