"""CSV and XLSX: tables typed by people."""

from __future__ import annotations

from datetime import datetime

import openpyxl
import pytest

from etl import errors
from etl.sources import open_table
from etl.sources.encoding import looks_chinese


def csv_file(tmp_path, data: bytes | str, name: str = "file.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_found_and_quotes_respected(tmp_path, separator):
    text = separator.join(["id", "text", "n"]) + "\r\n" + separator.join(["1", f'"a{separator}b ""c""\nd"', "2"]) + "\r\n"
    table = open_table(csv_file(tmp_path, text))
    assert table.frame.to_dict("list") == {"id": ["1"], "text": [f'a{separator}b "c"\nd'], "n": ["2"]}
    assert table.rows.tolist() == [2]


def test_cells_stay_the_text_they_were(tmp_path):
    table = open_table(csv_file(tmp_path, "id,code,n\n1,007,1.50\n2,NA,\n"))
    assert table.frame["code"].tolist() == ["007", "NA"]
    assert table.frame["n"].tolist() == ["1.50", ""]


@pytest.mark.parametrize(("encoding", "said"), [("utf-8", False), ("utf-8-sig", False), ("gbk", True), ("gb18030", True)])
def test_encodings_are_found_and_gbk_is_said_with_a_preview(tmp_path, encoding, said):
    table = open_table(csv_file(tmp_path, "编号,地址\n1,哈尔滨市呼兰区幸福路\n".encode(encoding)))
    assert table.frame.to_dict("list") == {"编号": ["1"], "地址": ["哈尔滨市呼兰区幸福路"]}
    notes = [note.values for note in table.notes if "encoding" in note.values]
    assert bool(notes) is said
    if said:
        assert notes[0]["preview"] == "编号,地址"


def test_damaged_utf8_is_not_taken_for_gbk(tmp_path):
    data = bytearray("编号,地址\n1,哈尔滨市呼兰区幸福路\n2,道外区\n".encode())
    data[12] = 0x41
    assert not looks_chinese(bytes(data))
    with pytest.raises(errors.FileEncodingRefused) as caught:
        open_table(csv_file(tmp_path, bytes(data)))
    assert caught.value.where["row"] in {1, 2}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("a,b\n1,2\n".encode("utf-16"), errors.FileEncodingRefused),
        ("a,b\n1,2\n".encode("utf-16-le"), errors.FileEncodingRefused),
        (b"a,b\n\xff\xfe\xfd,2\n", errors.FileEncodingRefused),
        (b"", errors.FileFormatRefused),
        (b"  \n \n", errors.FileFormatRefused),
        (b"a,a\n1,2\n", errors.HeaderRefused),
        (b"1,2,3\n4,5,6\n", errors.HeaderRefused),
        (b'a,b\n"1,2\n', errors.FileDamaged),
        (b"a,b\n1," + b"x" * 200_000 + b"\n", errors.FileTooLarge),
        (b"%PDF-1.7\nabc", errors.FileFormatRefused),
        (b"<html><table></table></html>", errors.FileFormatRefused),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path, data, error):
    with pytest.raises(error):
        open_table(csv_file(tmp_path, data))


def test_rows_that_do_not_fit_the_header_are_faults_of_their_own(tmp_path):
    table = open_table(csv_file(tmp_path, "a,b\n1,2\n1,2,3\n1\na,b\n\n3,4\n"))
    assert {position: error.code for position, error in table.faults.items()} == {
        1: "row.fields",
        2: "row.fields",
        3: "row.header",
    }
    assert table.rows.tolist() == [2, 3, 4, 5, 7]
    assert table.frame["a"].tolist() == ["1", "1", "1", "a", "3"]


# -- XLSX -------------------------------------------------------------------------------------------------------------


def workbook(tmp_path, *rows, name="file.xlsx"):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


def test_values_keep_their_types(tmp_path):
    at = datetime(2025, 6, 18, 15, 0)  # noqa: DTZ001 a spreadsheet knows no zone
    table = open_table(workbook(tmp_path, ["code", "when", "n", "ok"], ["001", at, 1.5, True], [None, None, 2, None]))
    assert table.frame["code"].tolist() == ["001", None]
    assert table.frame["when"].tolist()[0] == at
    assert table.frame["n"].tolist() == [1.5, 2]
    assert table.rows.tolist() == [2, 3]


def test_a_formula_without_a_stored_value_is_a_fault_not_an_empty_cell(tmp_path):
    table = open_table(workbook(tmp_path, ["code", "n"], ["a", "=1+1"], ["b", 2]))
    assert table.faults[0].code == "value.formula"
    assert table.faults[0].values["cell"] == "B2"
    assert 1 not in table.faults


def test_blank_rows_are_skipped_and_rows_counted_as_shown(tmp_path):
    table = open_table(workbook(tmp_path, ["a"], [None], ["x"]))
    assert table.rows.tolist() == [3]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([["网格汇总表", None, None], ["code", "name", "n"], ["1", "a", 2]], errors.HeaderRefused),
        ([["a", "a"], [1, 2]], errors.HeaderRefused),
        ([], errors.HeaderRefused),
        ([["a"], ["x" * 32_767]], None),
    ],
)
def test_headers_must_name_every_column_once(tmp_path, rows, error):
    path = workbook(tmp_path, *rows)
    if error is None:
        assert len(open_table(path)) == 1
    else:
        with pytest.raises(error):
            open_table(path)


def test_cells_beyond_the_header_are_told(tmp_path):
    table = open_table(workbook(tmp_path, ["a", "b"], [1, 2, 3]))
    assert table.faults[0].code == "row.fields"
