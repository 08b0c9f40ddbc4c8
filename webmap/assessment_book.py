"""A month's assessment as a workbook: a sheet for each kind of subject, one for every line, one for the rules."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from uuid import UUID

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from etl.export import cell_text
from geogrid.domain.assessment import Sheet, Subject
from geogrid.rules.assessment import Score
from geogrid.store.assessment import Line
from webmap.account_pages import shown_time
from webmap.language import current_language, label, say

Names = Mapping[Subject, Mapping[str, str]]
WIDTH = 16


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
) -> bytes:
    """Return the bytes of the workbook; ``numbers`` are those of the events that the reader may see."""
    book = Workbook()
    book.remove(book.active)
    mark = [f"{sheet.title.text(current_language())} · {month}"] + (["模拟数据 SIMULATED"] if synthetic else [])
    for kind, found in parts.items():
        _scores(_new(book, label(kind), mark), sheet, kind, found, names[kind], ranked=ranked)
    _lines(_new(book, say("Lines"), mark), sheet, lines, names, numbers)
    _rules(_new(book, say("Rules"), mark), sheet)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _new(book: Workbook, title: str, mark: list[str]) -> Worksheet:
    page = book.create_sheet(title.replace("/", " ")[:31])
    page.append(mark)
    return page


def _head(page: Worksheet, titles: Sequence[str]) -> None:
    page.append([cell_text(title) for title in titles])
    for cell in page[page.max_row]:
        cell.font = Font(bold=True)
    page.freeze_panes = page.cell(page.max_row + 1, 2)
    for column in range(1, len(titles) + 1):
        page.column_dimensions[page.cell(1, column).column_letter].width = WIDTH


def _scores(
    page: Worksheet, sheet: Sheet, kind: Subject, found: Sequence[Score], names: Mapping[str, str], *, ranked: bool
) -> None:
    rules = [rule for rule in sheet.rules if kind in rule.subjects]
    titles = [rule.title.text(current_language()) for rule in rules]
    _head(page, [say("Rank"), label(kind), say("Points"), say("Outcomes"), say("Remark"), *titles])
    for one in found:
        remark = say("too few outcomes for a rank") if one.is_small else ""
        rank = one.rank if ranked else None
        points = [one.by_rule.get(rule.code, (0.0, 0.0))[0] for rule in rules]
        page.append([rank, cell_text(names.get(one.subject, one.subject)), one.points, one.outcomes, remark, *points])


def _lines(page: Worksheet, sheet: Sheet, lines: Sequence[Line], names: Names, numbers: Mapping[UUID, str]) -> None:
    _head(page, [say("Who"), say("Rule"), say("Event"), say("Points"), say("Kind"), say("Written"), say("Version of the sheet")])
    for line in lines:
        rule = sheet.rule(line.key.rule)
        who = names[line.key.subject_kind].get(line.key.subject, line.key.subject)
        title = rule.title.text(current_language()) if rule else line.key.rule
        number = numbers.get(line.key.event_id, "")
        told = [cell_text(who), cell_text(title), cell_text(number), line.points]
        page.append([*told, label(line.kind), shown_time(line.written_at), line.sheet_version])


def _rules(page: Worksheet, sheet: Sheet) -> None:
    _head(page, [say("Rule"), say("Outcome"), say("Points"), say("Bound in a month"), say("Clocks"), say("Who")])
    for rule in sheet.rules:
        who = say(", ").join(label(kind) for kind in rule.subjects)
        title = cell_text(rule.title.text(current_language()))
        page.append([title, label(rule.outcome), rule.points, rule.most, ", ".join(rule.clocks), who])
