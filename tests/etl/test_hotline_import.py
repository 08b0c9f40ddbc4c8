"""Files of work orders: tables, workbooks, JSON; each row by itself, refused ones named, the same file again changes nothing."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner
from openpyxl import Workbook
from sqlalchemy import text

from etl.errors import FilePathRefused
from etl.hotline_command import hotline
from etl.hotline_import import import_orders, read_orders
from geogrid.actions.district import district_of
from geogrid.domain.outside import Arrival
from geogrid.errors import FieldType
from geogrid.store.session import session_scope
from tests.actions.conftest import live  # noqa: F401 a fixture
from tests.actions.test_hotline import PHONE, sent
from tests.build_district import NOW, profile

ORDERS = [
    sent("HL1", 经度="126.6110", 纬度="45.9070"),
    sent("HL2", 诉求类别="垃圾清运", 诉求内容="垃圾没人清"),
    sent("HL3", 受理时间="昨天"),
    sent("", 诉求内容=f"没有编号，电话 {PHONE}"),
]


def as_csv(path, orders=ORDERS, encoding="utf-8"):
    names = list(dict.fromkeys(name for order in orders for name in order))
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(orders)
    return path


def as_xlsx(path, orders=ORDERS):
    book = Workbook()
    names = list(dict.fromkeys(name for order in orders for name in order))
    book.active.append(names)
    for order in orders:
        book.active.append([order.get(name, "") for name in names])
    book.save(path)
    return path


def as_json(path, orders=ORDERS):
    path.write_text(json.dumps({"orders": orders}, ensure_ascii=False), "utf-8")
    return path


def run(engine, path, tmp_path, **more):
    with session_scope(engine) as session:
        district = district_of(profile(), session)
        return import_orders(path, district.outside.of("12345"), district, engine, now=NOW, imports=tmp_path / "imports", **more)


def count(engine, what):
    with session_scope(engine) as session:
        return session.scalar(text(f"SELECT count(*) FROM {what}"))


@pytest.mark.parametrize("write", [as_csv, as_xlsx, as_json], ids=["csv", "xlsx", "json"])
def test_good_rows_are_taken_and_bad_ones_named_whatever_the_format(write, live, tmp_path):  # noqa: F811
    path = write(tmp_path / f"orders.{write.__name__[3:]}")
    done, folder = run(live, path, tmp_path)
    assert done.arrivals == {Arrival.ORDER: 2}
    offset = 0 if write is as_json else 1  # a table counts its header
    assert [(row.number, error.code) for row, error in done.refused] == [
        (3 + offset, "time.order_form"), (4 + offset, "report.field_missing"),
    ]  # fmt: skip
    assert count(live, "outside_orders") == 2
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert told["parts"][0]["rows"] == {"read": 4, "accepted": 2, "mended": 0, "refused": 2, "known": 0, "later": 0}


def test_a_file_in_gb18030_and_the_same_orders_by_another_format_are_known(live, tmp_path):  # noqa: F811
    run(live, as_csv(tmp_path / "orders.csv", encoding="gb18030"), tmp_path)
    again, _ = run(live, as_json(tmp_path / "orders.json"), tmp_path)
    assert again.arrivals == {Arrival.DUPLICATE: 2}
    assert count(live, "events") == 2


def test_a_dry_run_says_the_same_and_stores_nothing(live, tmp_path):  # noqa: F811
    done, folder = run(live, as_csv(tmp_path / "orders.csv"), tmp_path, dry_run=True)
    assert done.arrivals == {Arrival.ORDER: 2}
    assert len(done.refused) == 2
    assert (count(live, "events"), count(live, "outside_orders"), count(live, "audit")) == (0, 0, 0)
    assert json.loads((folder / "report.json").read_text("utf-8"))["state"] == "dry_run"


def test_refused_rows_are_put_aside_mended_and_loaded_again(live, tmp_path):  # noqa: F811
    _, folder = run(live, as_csv(tmp_path / "orders.csv"), tmp_path)
    path = folder / "refused.csv"
    assert path.stat().st_mode & 0o077 == 0  # it holds what people said, and their numbers
    mended = path.read_text("utf-8-sig").replace("昨天", "2025-06-18 10:00:00")
    path.write_text(mended, "utf-8")
    done, _ = run(live, path, tmp_path)
    assert done.arrivals == {Arrival.ORDER: 1}
    assert count(live, "outside_orders") == 3


def test_what_is_no_list_of_orders_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"orders": 7}', "utf-8")
    with pytest.raises(FieldType):
        read_orders(path)
    path.write_text('[{"工单编号": "1"}, 7]', "utf-8")
    _, rows = read_orders(path)
    assert [row.fault is None for row in rows] == [True, False]
    with pytest.raises(FilePathRefused):
        read_orders(tmp_path / "none.csv")


def test_the_command_says_what_it_took_and_fails_where_rows_were_refused(live, tmp_path, monkeypatch):  # noqa: F811
    url = live.url.render_as_string(hide_password=False)
    monkeypatch.setenv("GEOGRID_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("GEOGRID_DATABASE_URL", url)
    monkeypatch.setenv("GEOGRID_AS_OF", NOW.isoformat())
    monkeypatch.setenv("GEOGRID_LANGUAGE", "en")
    path = as_csv(tmp_path / "orders.csv")
    done = CliRunner().invoke(hotline, ["import", str(path)])
    assert done.exit_code == 1, done.output
    assert "New order: 2" in done.output
    assert "row 4: '昨天' is no time" in done.output
    only_good = as_csv(tmp_path / "good.csv", ORDERS[:2])
    done = CliRunner().invoke(hotline, ["import", str(only_good)])
    assert (done.exit_code, "The same order once more: 2" in done.output) == (0, True)


def test_channel_files_are_checked_and_a_broken_one_named_by_line(tmp_path, monkeypatch):
    from geogrid.settings import ROOT

    monkeypatch.setenv("GEOGRID_VAR", str(tmp_path))
    monkeypatch.setenv("GEOGRID_LANGUAGE", "en")
    done = CliRunner().invoke(hotline, ["check"])
    assert done.exit_code == 0, done.output
    assert "12345 is sound: 12345 hotline; 14 kinds, 4 messages back" in done.output
    path = tmp_path / "12345.toml"
    path.write_text((ROOT / "data/channels/12345.toml").read_text("utf-8").replace('"C02"', '"C99"'), "utf-8")
    done = CliRunner().invoke(hotline, ["check", str(path)])
    assert done.exit_code == 1
    assert "has no category C99" in done.output
