"""Orders of an outside channel from a file: each row its own transaction, each that cannot be taken named with row and reason."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.cells import whole
from etl.errors import FileTooLarge
from etl.export import as_text, escaped
from etl.report import LANGUAGES, MOST_LISTED, SCHEMA, in_words, new_id
from etl.sources import open_table
from etl.sources.encoding import decode
from etl.sources.limits import LIMITS
from etl.sources.sniff import local_file
from etl.sources.strict_json import parse
from etl.sources.table import ReadOptions, is_empty
from geogrid.domain.outside import Arrival, OutsideChannel
from geogrid.errors import FieldType, GeogridError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from geogrid.actions.district import District

KIND = "orders"
BY = "import"
DEEPEST = 8
AGAIN, AMENDED = "Orders sent again: {count}", "Orders amended: {count}"


@dataclass(frozen=True)
class Row:
    """An order as it stands in the file, at the row that a person would count; ``fault``: the reader could not take it."""

    number: int
    values: Mapping[str, Any]
    fault: GeogridError | None = None


@dataclass
class OrdersImported:
    """What became of a file: how each row came, and what was refused (row, why)."""

    file: str
    format: str
    read: int = 0
    arrivals: Counter[Arrival] = field(default_factory=Counter)
    refused: list[tuple[Row, GeogridError]] = field(default_factory=list)


def read_orders(path: Path, options: ReadOptions | None = None) -> tuple[str, list[Row]]:
    """Return the format and the rows of a table, a workbook, or a JSON list of objects (or ``{"orders": [...]}``).

    Raises
    ------
    the file errors of ``etl.errors``, FieldType where the JSON is no list of objects
    """
    file, options = local_file(path), options or ReadOptions()
    with file.open("rb") as head:
        begins = head.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begins in {b"[", b"{"}:
        return "json", list(_of_json(file, options))
    table = open_table(file, options)
    names = [str(name) for name in table.frame.columns]
    rows = table.frame.itertuples(index=False, name=None)
    return table.format, [
        Row(int(table.rows[i]), {name: None if is_empty(cell) else whole(cell) for name, cell in zip(names, cells, strict=True)},
            table.faults.get(i))
        for i, cells in enumerate(rows)
    ]  # fmt: skip


def _of_json(file: Path, options: ReadOptions) -> Iterator[Row]:
    size = file.stat().st_size
    if size > LIMITS.csv_bytes:
        raise FileTooLarge(name=file.name, what="bytes", size=size, most=LIMITS.csv_bytes, where={"path": str(file)})
    text, _ = decode(file.read_bytes(), file.name, options.encoding)
    told = parse(text, file.name, most_depth=DEEPEST)
    listed = told.get("orders") if isinstance(told, dict) else told
    if not isinstance(listed, list):
        raise FieldType(field="orders", wanted="a list", got=type(listed).__name__, where={"path": file.name})
    for number, values in enumerate(listed, start=1):
        if isinstance(values, dict):
            yield Row(number, values)
        else:
            yield Row(number, {}, FieldType(field="order", wanted="an object of fields", got=type(values).__name__))


def import_orders(
    path: Path,
    channel: OutsideChannel,
    district: District,
    engine: Engine,
    *,
    now: datetime,
    imports: Path,
    options: ReadOptions | None = None,
    dry_run: bool = False,
) -> tuple[OrdersImported, Path]:
    """Take the orders of a file and return what became of them, with the folder of the report below ``imports``."""
    kind, rows = read_orders(path, options)
    done = OrdersImported(path.name, kind, len(rows))
    with _transactions(engine, keep=not dry_run) as transaction:
        for row in rows:
            try:
                if row.fault is not None:
                    raise row.fault
                with transaction() as session:
                    done.arrivals[_take(session, row, channel, district, now)] += 1
            except GeogridError as error:
                done.refused.append((row, error))
    folder = imports / new_id(now)
    _write(done, channel, district, folder, now=now, dry_run=dry_run)
    return done, folder


def _take(session: Session, row: Row, channel: OutsideChannel, district: District, now: datetime) -> Arrival:
    from geogrid.actions.hotline import receive
    from geogrid.channels.outside import order_of
    from geogrid.domain.people import Actor

    order = order_of(channel, row.values, now=now, profile=district.profile)
    return receive(session, channel, order, now=now, district=district, actor=Actor(BY, "", ())).arrival


@contextmanager
def _transactions(engine: Engine, *, keep: bool) -> Iterator[Any]:
    """Give what opens a transaction for each row; where nothing is kept, a part of one that is rolled back at the end."""
    from sqlalchemy.orm import Session as OneSession

    from geogrid.store.session import session_scope

    if keep:
        yield lambda: session_scope(engine)
        return
    with OneSession(engine, expire_on_commit=False) as session:
        outer = session.begin()

        @contextmanager
        def part() -> Iterator[Session]:
            with session.begin_nested():
                yield session

        opened: Any = part
        try:
            yield opened
        finally:
            outer.rollback()


# -- the report -------------------------------------------------------------------------------------------------------


def as_json(done: OrdersImported, channel: OutsideChannel, profile: str, folder: Path, *, now: datetime, dry_run: bool) -> dict:
    """Return the report in the form of every import (``etl.report``)."""
    known = done.arrivals[Arrival.DUPLICATE]
    counts = {"read": done.read, "accepted": sum(done.arrivals.values()) - known, "mended": 0, "refused": len(done.refused)}
    notes = [
        in_words(message, {"count": done.arrivals[how]})
        for how, message in ((Arrival.AGAIN, AGAIN), (Arrival.AMENDMENT, AMENDED))
        if done.arrivals[how]
    ]
    refused = [
        {"row": row.number, "code": error.code, "lonlat": None, **{one: error.message(one) for one in LANGUAGES}}
        for row, error in done.refused[:MOST_LISTED]
    ]
    part = {
        "kind": KIND, "file": done.file, "format": done.format, "layer": channel.code,
        "rows": {**counts, "known": known, "later": 0}, "notes": notes,
        "columns": {"cut": {}, "unused": [], "absent": []}, "mended": [], "refused": refused,
        "refused_by_code": dict(Counter(error.code for _, error in done.refused).most_common()),
        "coverage": [], "difference": None,
        "again": "" if dry_run or not refused else f"geogrid hotline import {folder / 'refused.csv'} --channel {channel.code}",
    }  # fmt: skip
    state = "dry_run" if dry_run else "loaded"
    told = {"schema": SCHEMA, "id": folder.name, "made_at": now.isoformat(), "profile": profile, "edition": None, "state": state}
    return {**told, "activated": False, "error": None, "parts": [part]}


def _write(
    done: OrdersImported, channel: OutsideChannel, district: District, folder: Path, *, now: datetime, dry_run: bool
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if done.refused:
        _write_refused(done, folder / "refused.csv")
    told = as_json(done, channel, district.profile.code, folder, now=now, dry_run=dry_run)
    draft = folder / "report.json.part"
    draft.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(folder / "report.json")


def _write_refused(done: OrdersImported, path: Path) -> None:
    """Write the refused rows as they came, to be mended and loaded again; they stay on this machine."""
    names = list(dict.fromkeys(name for row, _ in done.refused for name in row.values))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*map(escaped, names), "refused_row", "refused_code", "refused_zh", "refused_en"])
        for row, error in done.refused:
            cells = [escaped(as_text(row.values.get(name))) for name in names]
            writer.writerow([*cells, row.number, error.code, *(escaped(error.message(one)) for one in LANGUAGES)])
    path.chmod(0o600)
