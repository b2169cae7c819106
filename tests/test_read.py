"""Reading: folders, workbooks and frames give the same instance, and say the same of what is wrong."""

import datetime
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from pandas.testing import assert_frame_equal

from planner.errors import InputError, Problem
from planner.instance import Instance
from planner.read import builtin_folder, from_frames, load
from planner.tables import TABLES as ROW_MODELS
from planner.tables import columns
from tests.small import TABLES, files, write

HEAD: dict[str, Any] = {"name": "tiny", "first_period": "2027", "periods": 2}
TINY: dict[str, list[dict[str, Any]]] = {
    "materials": [{"material": "ndpr"}],
    "sites": [{"site": "mine"}, {"site": "plant"}],
    "offers": [{"site": "mine", "material": "ndpr", "price": 10}],
    "lanes": [{"origin": "mine", "destination": "plant", "material": "ndpr"}],
    "demands": [{"site": "plant", "material": "ndpr", "quantity": 5}],
}


@pytest.fixture
def small(tmp_path: Path) -> Instance:
    """The small complete instance, read from its folder."""
    return load(write(tmp_path / "small", files()))


def problems_of(source: Path) -> list[Problem]:
    """Problems of a folder or workbook."""
    with pytest.raises(InputError) as caught:
        load(source)
    return list(caught.value.problems)


def tiny_folder(folder: Path, **tables: str | bytes) -> Path:
    """A folder with a header, materials and whatever is given."""
    folder.mkdir()
    (folder / "instance.toml").write_text('name = "tiny"\nfirst_period = "2027"\nperiods = 2\n')
    for table, content in tables.items():
        path = folder / f"{table}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def workbook(path: Path, change: dict[tuple[str, str], object] | None = None) -> Path:
    """The small complete instance as a workbook, with some cells changed; numbers are numbers."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    head = book.create_sheet("instance")
    head.append(["key", "value"])
    for key, value in (line.split(" = ") for line in files()["instance.toml"].splitlines()):
        head.append([key, value.strip('"') if value.startswith('"') else float(value)])
    for table, text in TABLES.items():
        sheet = book.create_sheet(table)
        for line in text.splitlines():
            sheet.append([_cell(cell) for cell in line.split(",")])
    for (sheet_name, cell), changed in (change or {}).items():
        book[sheet_name][cell] = changed
    book.save(path)
    return path


def _cell(text: str) -> object:
    try:
        return float(text) if text else None
    except ValueError:
        return text


def test_every_table_and_column_is_there_with_its_kind(small: Instance) -> None:
    """Empty tables included: text, number or whole number."""
    empty = from_frames(HEAD, {})
    for instance in (small, empty):
        assert list(instance.tables) == list(ROW_MODELS)
        for table, frame in instance.tables.items():
            assert list(frame.columns) == list(columns(table))
            for name, column in columns(table).items():
                kind = ("int64" if isinstance(column.default, int) else "float64") if column.numeric else "str"
                assert str(frame[name].dtype) == kind


def test_empty_cells_take_their_default_and_the_index_is_the_line(small: Instance) -> None:
    """NaN only where empty has a meaning of its own."""
    offers = small["offers"]

    assert offers.index.tolist() == [2, 3, 4, 5]
    assert list(offers[["from", "until"]].loc[4]) == ["", ""]
    assert small["sites"]["capacity"].isna().loc[3]
    assert small["recipes"].loc[2, "output"] == 0.0
    assert small["materials"].loc[2, "disposal_cost"] == 0.0
    assert small["lanes"].loc[3, "lead_time"] == 1


def test_a_folder_a_workbook_and_frames_give_the_same(small: Instance, tmp_path: Path) -> None:
    """Four ways in, one instance."""
    book = load(workbook(tmp_path / "small.xlsx"))
    frames = from_frames(small.header, dict(small.tables))
    records = {
        table: [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
        for table, frame in small.tables.items()
    }
    rows = from_frames(small.header, records)

    for other in (book, frames, rows):
        assert other.header == small.header
        for table, frame in small.tables.items():
            assert_frame_equal(other[table], frame)


def test_line_numbers_survive_a_change_and_new_frames_are_numbered_as_in_a_file(small: Instance) -> None:
    """The first row stands on line 2."""
    changed = small.change("offers", {"site": "Weld", "from": "2029"}, price=30.0)
    assert changed["offers"].index.tolist() == [2, 3, 4, 5]
    assert changed["offers"].loc[3, "price"] == 30.0
    fewer = small.with_tables(routes=small["routes"].iloc[:0], stockpiles=small["stockpiles"].drop(index=4))
    assert fewer["stockpiles"].index.tolist() == [2, 3]
    assert from_frames(HEAD, TINY)["sites"].index.tolist() == [2, 3]


def test_a_change_is_checked_again(small: Instance) -> None:
    """A what-if is no way round the checks."""
    with pytest.raises(InputError, match=r"rules line 3, limit: '65' is above 1 \(a fraction: 0.65 for 65 %\)"):
        small.change("rules", {"rule": "cap", "from": "2029"}, limit=65.0)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("1_000", "type 1000"),
        ("True", "truth value"),
        ("inf", "not finite"),
        ("nan", "give one"),
        ("NA", "give one"),
        ("12,5", "type 12.5"),
        ("1.234,5", "type 1234.5"),
        ("1,234.5", "type 1234.5"),
        ("1 000", "type 1000"),
        ("65%", "type 0.65"),
        ("12,5 %", "type 0.125"),
        ("1e400", "not finite"),
        ("0x10", "not a number"),
        ("12 USD", "not a number"),
        ("#DIV/0!", "error of the spreadsheet"),
        ("-1", "below 0"),
        ("  ", "is empty"),
        (True, "truth value"),
        (np.True_, "truth value"),
        (datetime.date(2027, 3, 1), "is a date"),
        (None, "is empty"),
        ([1], "not a number"),
    ],
)
def test_what_is_no_number_is_refused_with_a_remedy(cell: object, told: str) -> None:
    """The sound cells beside it do not change that."""
    offers: list[dict[str, Any]] = [{"site": "mine", "material": "ndpr", "price": price} for price in (10, cell)]
    offers[0]["until"], offers[1]["from"] = "2027", "2028"
    with pytest.raises(InputError) as caught:
        from_frames(HEAD, {**TINY, "offers": offers})

    problem = next(problem for problem in caught.value.problems if problem.column == "price")
    assert (problem.table, problem.line) == ("offers", 3)
    assert told in problem.message


@pytest.mark.parametrize("cell", ["10", " 10 ", "1e1", "+10.0", 10, 10.0, np.float32(10), np.int64(10)])
def test_what_people_write_for_a_number_is_read(cell: object) -> None:
    """Blanks, signs, exponents and numpy's own numbers."""
    offers = [{"site": "mine", "material": "ndpr", "price": cell}]

    assert from_frames(HEAD, {**TINY, "offers": offers})["offers"]["price"].tolist() == [10.0]


def test_the_text_na_stays_a_text(tmp_path: Path) -> None:
    """Namibia's code is NA."""
    folder = tiny_folder(tmp_path / "tiny", places="place,name\nNA,Namibia\n", materials="material\nnan\n")
    instance = load(folder)

    assert list(instance["places"][["place", "name"]].loc[2]) == ["NA", "Namibia"]
    assert instance["materials"]["material"].tolist() == ["nan"]


def test_marks_quotes_blank_lines_and_spare_commas_are_read(tmp_path: Path) -> None:
    """A byte order mark, Windows line ends, a text with comma, quote and line break, blank and empty lines."""
    text = '\ufeffplace,name\r\n\r\nAUS,"Australia, ""the""\r\ncommonwealth"\r\n,\r\n CHN ,China,,\r\n'
    places = load(tiny_folder(tmp_path / "tiny", places=text))["places"]

    assert places["place"].to_dict() == {3: "AUS", 6: "CHN"}
    assert places.loc[3, "name"] == 'Australia, "the"\r\ncommonwealth'


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b"place,name\nAUT,\xd6sterreich\n", 2, "is not UTF-8 near"),
        ("place\nAUT\n".encode("utf-16"), 1, "UTF-16"),
        (b"", None, "is empty"),
        (b"\n\n", None, "is empty"),
        (b"place;name\nAUT;Austria\n", 1, "separated by semicolons"),
        (b"place\tname\nAUT\tAustria\n", 1, "separated by tabs"),
        (b'place,name\nAUT,Austria\n"DEU,Germany\nFRA,France\n', 3, "never closed"),
        (b'place,name\nAUT,"Aus"tria\n', None, "cannot be read as CSV"),
        (b"place,name,place\nAUT,Austria,AUT\n", 1, "stands twice"),
        (b"place,name\nAUT,Austria,Vienna\n", 2, "has 3 cells where the header has 2"),
        (b"place,name,risk\nAUT,Austria\n", 2, "has 2 cells where the header has 3"),
        (b"place,name,\nAUT,Austria,x\n", 1, "has no name"),
        (b"name\nAustria\n", None, "the column 'place' is missing"),
        (b"place,nmae\nAUT,Austria\n", 1, "did you mean 'name'"),
    ],
)
def test_a_file_that_is_no_table_is_told_at_its_place(
    content: bytes, line: int | None, told: str, tmp_path: Path
) -> None:
    """One problem each, and no traceback."""
    (problem,) = problems_of(tiny_folder(tmp_path / "tiny", places=content))

    assert (problem.table, problem.line) == ("places", line)
    assert told in problem.message


def test_companions_are_left_alone_and_other_files_are_not(tmp_path: Path) -> None:
    """Nothing that looks like a table is dropped in silence."""
    folder = tiny_folder(tmp_path / "tiny", provenance="table,source\n", materials="material\nndpr\n")
    (folder / "README.md").write_text("A story.")
    (folder / "expected.toml").write_text("cost = 1.0\n")
    (folder / "build.py").write_text("")
    (folder / "sources").mkdir()
    (folder / "sources" / "anything.csv").write_text("x\n")
    assert len(load(folder)["materials"]) == 1

    (folder / "offers.xlsx").write_bytes(b"")
    (folder / "ofers.csv").write_text("site\n")
    assert [problem.message for problem in problems_of(folder)] == [
        "offers.xlsx is not read; save the table as offers.csv",
        "there is no table 'ofers'; did you mean 'offers'?",
    ]


@pytest.mark.parametrize("name", ["no-such-instance", "", "../instances", "a/b", "x.xlsx"])
def test_a_source_that_is_not_there_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name leads out of the shelf of built-in instances."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        load(name) if name else builtin_folder(name)


def test_a_folder_without_a_header_is_told(tmp_path: Path) -> None:
    """A folder is an instance only with instance.toml."""
    assert "no instance.toml" in problems_of(tmp_path)[0].message


def test_a_workbook_names_the_cell(tmp_path: Path) -> None:
    """Errors and formulas without a value come as blanks from readers of workbooks: they are found all the same."""
    change: dict[tuple[str, str], object] = {
        ("offers", "E3"): "12,5",
        ("offers", "F4"): "=SUM(E4:E5)",
        ("sites", "C5"): "#N/A",
        ("demands", "C3"): datetime.datetime(2027, 1, 1),
        ("stockpiles", "E2"): True,
        ("instance", "B9"): 7.0,
    }
    problems = problems_of(workbook(tmp_path / "small.xlsx", change))

    assert [str(problem) for problem in problems] == [
        "instance!B9, discount_rate: '7' is above 1 (a fraction: 0.07 for 7 %)",
        "sites!C5, owner: #N/A is an error of the spreadsheet; mend the formula or type the text",
        "offers!E3, price: '12,5' is text, not a number; type 12.5",
        "offers!F4, capacity: '=SUM(E4:E5)' is a formula without a value; open the workbook, let it calculate and "
        "save it",
        "demands!C3, period: '2027-01-01' is a date; format the cell as text and type it as 2027, 2027Q1 or 2027-03",
        "stockpiles!E2, initial: 'True' is a truth value, not a number (mass)",
    ]


def test_an_error_cell_of_excel_is_found_where_the_reader_gives_a_blank(tmp_path: Path) -> None:
    """Rows are those of the sheet, blank ones counted."""
    path = tmp_path / "tiny.xlsx"
    with xlsxwriter.Workbook(path) as book:
        head = book.add_worksheet("instance")
        for row, pair in enumerate([("key", "value"), *HEAD.items()]):
            head.write_row(row, 0, pair)
        sheet = book.add_worksheet("materials")
        sheet.write_row(0, 0, ["material", "stage", "customs_value"])
        sheet.write_row(1, 0, ["ndpr", "oxide"])
        sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
        sheet.write_row(3, 0, ["dy", "oxide"])
        sheet.write_formula(3, 2, "=1+1", None, 2)
        book.add_worksheet("Sheet3")
        book.add_worksheet("README").write(0, 0, "A story.")
        book.add_worksheet("discounts").write(0, 0, "seller")

    assert [str(problem) for problem in problems_of(path)] == [
        "materials!C2, customs_value: #DIV/0! is an error of the spreadsheet; mend the formula or type the number",
        "discounts: the table 'discounts' is not yet supported; take it out",
    ]


def test_a_workbook_without_header_and_a_file_that_is_none_are_told(tmp_path: Path) -> None:
    """By name, and without a traceback."""
    book = openpyxl.Workbook()
    book.active.title = "materials"
    book.active.append(["material"])
    book.save(tmp_path / "bare.xlsx")
    assert "no sheet 'instance'" in problems_of(tmp_path / "bare.xlsx")[0].message

    (tmp_path / "text.xlsx").write_text("material\n")
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as archive:
        archive.writestr("nothing.txt", "")
    (tmp_path / "notes.docx").write_text("")
    for name in ("text.xlsx", "other.xlsx"):
        assert "cannot be read as a workbook" in problems_of(tmp_path / name)[0].message
    assert "is no .xlsx or .ods" in problems_of(tmp_path / "notes.docx")[0].message


def test_an_open_document_spreadsheet_is_read(tmp_path: Path) -> None:
    """The least that the format asks for: one content part with two sheets."""
    sheets: dict[str, list[tuple[Any, ...]]] = {
        "instance": [("key", "value"), *HEAD.items()],
        "materials": [("material", "stage"), ("ndpr", "oxide")],
    }
    body = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>{body}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "tiny.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    instance = load(tmp_path / "tiny.ods")

    assert instance.header.periods == 2
    assert list(instance["materials"][["material", "stage"]].loc[2]) == ["ndpr", "oxide"]


def _ods_cell(value: object) -> str:
    kind = f'"float" office:value="{value}"' if isinstance(value, int) else '"string"'
    return f"<table:table-cell office:value-type={kind}><text:p>{value}</text:p></table:table-cell>"


def test_frames_with_unknown_tables_are_refused() -> None:
    """With the name that was meant."""
    with pytest.raises(InputError) as caught:
        from_frames(HEAD, {**TINY, "ofers": [], "discounts": pd.DataFrame()})

    assert [problem.message for problem in caught.value.problems] == [
        "the table 'discounts' is not yet supported",
        "there is no table 'ofers'; did you mean 'offers'?",
    ]


def test_the_header_takes_numbers_for_names_and_refuses_texts_for_numbers() -> None:
    """2027 is a period; '2' is no count."""
    assert from_frames({"name": 7, "first_period": 2027, "periods": 2}, TINY).header.first_period == "2027"
    with pytest.raises(InputError, match="is text; write a number"):
        from_frames({**HEAD, "periods": "2"}, TINY)
    with pytest.raises(InputError, match="is no value for periods"):
        from_frames({**HEAD, "periods": True}, TINY)


def test_many_rows_with_one_fault_are_told_once_and_counted() -> None:
    """Two hundred lines, then how many more."""
    demands = [{"site": f"plant {at}", "material": "ndpr", "quantity": 1} for at in range(1000)]
    with pytest.raises(InputError) as caught:
        from_frames(HEAD, {**TINY, "demands": demands})

    assert len(caught.value.problems) == 201
    assert caught.value.problems[-1].message == "and 800 more rows with such a fault"
