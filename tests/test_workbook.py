"""Workbooks: an instance survives the way there and back, a user's file comes back marked, a plan reads as it is."""

import math
import shutil
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from python_calamine import CalamineWorkbook

import planner
from planner.companions import companions, write_companions
from planner.errors import InputError, PlannerError
from planner.instance import Instance
from planner.plan import PLAN_TABLES, TEXT, Plan
from planner.read import from_frames, load
from planner.runs import write_input
from planner.tables import TABLES, columns
from planner.workbook.checked import mark
from planner.workbook.figures import charts, tiles
from planner.workbook.instance import note_of, write_instance
from planner.workbook.plan import MEANING, broken, write_plan
from planner.workbook.units import title
from tests.builders import Trade
from tests.small import files, write

NASTY = (
    *("=1+1", "+7", "-7", "@SUM(A1)", "=HYPERLINK(0)", "'quoted", '"twice"', 'a "b", c', "NA", "nan", "None", "null"),
    *("1_000", "007", "1e5", "12345678901234567890", "3.0", "TRUE", "2027-03", "2027", "1/2", "12:30", "Kuantan\nEast"),
    *(
        "_x0041_",
        "_x000D_",
        "<b>&amp;</b>",
        "安全",
        "Ångström é",
        "🧲",
        "a\u200bb",
        "[t] mine",
        "[t, ≥ 0] mine",
        "a\rb",
        "tab\there",
    ),
    *(
        "home ",
        "problems",
        "readme",
        "x" * 300,
        "https://a.b/c",
        "mailto:x",
        "internal:'a'!A1",
        "{=1}",
        "%s",
        "\\",
        "a\\nb",
    ),
)
"""Names that a spreadsheet, a CSV file or a reader may take for something else."""

names = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=12))
amounts = st.one_of(
    st.floats(0, 1e300, allow_nan=False), st.sampled_from([0.1 + 0.2, 1 / 3, 5e-324, 123456789.123456789, 2.0**53 + 2])
)


def same(one: Instance, other: Instance) -> None:
    """Headers and every cell are equal; the lines may differ."""
    assert one.header == other.header
    for table in TABLES:
        assert_frame_equal(
            one.tables[table].reset_index(drop=True), other.tables[table].reset_index(drop=True), check_exact=True
        )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(names, min_size=4, max_size=6, unique=True),
    st.lists(names, min_size=4, max_size=4),
    st.lists(amounts, min_size=6, max_size=6),
    st.sampled_from(["2027", "2027Q2", "2027-03"]),
)
def test_folder_and_workbook_hold_the_same(
    tmp_path_factory: pytest.TempPathFactory, called: list[str], texts: list[str], numbers: list[float], first: str
) -> None:
    """From frames to a workbook, to a folder, to a workbook and back: every text, number and period as it was."""
    length = {4: "year", 6: "quarter", 7: "month"}[len(first)]
    ore, mine, plant, owner = called[:4]
    head = {"name": texts[0], "title": texts[1], "first_period": first, "periods": 2, "period_length": length}
    tables: dict[str, Any] = {
        "materials": [{"material": ore, "description": texts[2], "disposal_cost": -numbers[0]}],
        "sites": [{"site": mine, "owner": owner, "kind": texts[3], "capacity": numbers[1]}, {"site": plant}],
        "offers": [{"site": mine, "material": ore, "price": numbers[2], "capacity": numbers[3], "from": first}],
        "lanes": [{"origin": mine, "destination": plant, "material": ore, "freight": numbers[4], "lead_time": 0}],
        "demands": [{"site": plant, "material": ore, "period": first, "quantity": numbers[5]}],
    }
    try:
        made = from_frames(head | {"sources": texts[3]}, tables)
    except InputError:
        assume(False)
    folder = tmp_path_factory.mktemp("trip")
    for every in (True, False):
        write_instance(made, folder / "a.xlsx", every=every)
        same(made, load(folder / "a.xlsx"))
    write_input(load(folder / "a.xlsx"), folder / "b")
    same(made, load(folder / "b"))
    write_instance(load(folder / "b"), folder / "c.xlsx")
    same(made, load(folder / "c.xlsx"))
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["tutorial", "allied-magnets", "gallium-germanium"])
def test_built_in_instances_survive(name: str, tmp_path: Path) -> None:
    """Every table of every built-in instance, to the last bit; no cell is a formula."""
    instance = load(name)
    write_instance(instance, tmp_path / "x.xlsx")
    same(instance, load(tmp_path / "x.xlsx"))
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        for part in archive.namelist():
            assert b"<f>" not in archive.read(part) or not part.startswith("xl/worksheets"), part


def test_every_table_of_the_small_instance_survives(tmp_path: Path) -> None:
    """Nearly every table, every kind of column."""
    instance = load(write(tmp_path / "small", files()))
    assert sum(len(frame) > 0 for frame in instance.tables.values()) >= 18
    write_instance(instance, tmp_path / "small.xlsx")
    same(instance, load(tmp_path / "small.xlsx"))


def test_a_text_that_no_cell_holds_is_refused_by_its_place(tmp_path: Path) -> None:
    """32,767 letters are the most; nothing is written."""
    trade = Trade()
    trade.seller("mine", 10.0)
    trade.demand(5.0)
    trade.tables["materials"][0]["description"] = "x" * 40_000
    with pytest.raises(PlannerError, match="materials!D3: a workbook has no room"):
        write_instance(from_frames(trade.header, trade.tables), tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_the_template_says_unit_and_meaning_and_offers_choices(tmp_path: Path) -> None:
    """Header dark where required, grey row below it, panes frozen below that, drop-downs of names and choices."""
    instance = load("tutorial")
    write_instance(instance, tmp_path / "x.xlsx", every=True)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["readme", "instance", *TABLES]
    for table in TABLES:
        sheet, known = book[table], columns(table)
        assert [cell.value for cell in sheet[1]] == list(known)
        assert [cell.value for cell in sheet[2]] == [note_of(table, known[name], instance.header) for name in known]
        fills = {cell.value: cell.fill.fgColor.rgb for cell in sheet[1]}
        assert {name for name, fill in fills.items() if fill == "FF14213D"} == {
            n for n, c in known.items() if c.required
        }
        assert sheet.freeze_panes == "B3"
    listed = {str(check.sqref): check.formula1 for check in book["offers"].data_validations.dataValidation}
    assert listed["A3:A506"] == "sites!$A$3:$A$506"
    assert listed["E3:E506"] == "0"
    kinds = next(c for c in book["rules"].data_validations.dataValidation if str(c.sqref).startswith("D3"))
    assert kinds.formula1 == f'"{",".join(columns("rules")["kind"].choices)}"'
    assert note_of("offers", columns("offers")["price"], instance.header).startswith("[USD/t, ≥ 0] Price at the")


def test_the_grey_row_is_passed_over_and_no_row_of_data_is(tmp_path: Path) -> None:
    """Only directly below the header, and only where every column has its note."""
    write_instance(load("tutorial"), tmp_path / "x.xlsx", every=True)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    book["places"]["B2"] = None
    book.save(tmp_path / "y.xlsx")
    with pytest.raises(InputError) as caught:
        load(tmp_path / "y.xlsx")
    assert {problem.place for problem in caught.value.problems} == {"places!C2", "places!D2", "places!E2"}


def _damaged(path: Path) -> Path:
    write_instance(load("tutorial"), path, every=True)
    book = openpyxl.load_workbook(path)
    for sheet, cell, value in (("offers", "E3", "12,5"), ("offers", "A4", "B11"), ("lanes", "B3", "factry")):
        book[sheet][cell] = value
    book.save(path)
    return path


def test_the_users_workbook_comes_back_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each cell coloured, its note the repair, the first sheet linked to it; mended there, it is checked again."""
    from planner.cli import main

    path = _damaged(tmp_path / "my.xlsx")
    before = path.read_bytes()
    assert main(["check", str(path)]) == 3
    told = capsys.readouterr().err
    assert "offers!E3, price: '12,5' is text, not a number; type 12.5" in told
    assert "my.checked.xlsx is written: your workbook with the cells marked\n" in told
    assert path.read_bytes() == before
    book = openpyxl.load_workbook(tmp_path / "my.checked.xlsx")
    assert book.sheetnames[0] == "problems"
    lines = [[cell.value for cell in row[:3]] for row in book["problems"].iter_rows(min_row=5, max_row=7)]
    assert lines == [
        ["offers!E3", "price", "12,5"],
        ["offers!A4", "site", "B11"],
        ["lanes!B3", "destination", "factry"],
    ]
    assert (
        book["problems"]["A5"].hyperlink.location == "'offers'!E3"
        or book["problems"]["A5"].hyperlink.target == "#'offers'!E3"
    )
    assert book["offers"]["E3"].comment.text == "price: '12,5' is text, not a number; type 12.5"
    assert book["offers"]["E3"].fill.fgColor.rgb == "00FBE3D9"
    assert len(book["offers"].data_validations.dataValidation) == 9
    for sheet, cell, value in (("offers", "E3", 300), ("offers", "A4", "A2"), ("lanes", "B3", "factory")):
        book[sheet][cell] = value
    book.save(tmp_path / "my.checked.xlsx")
    same(load("tutorial"), load(tmp_path / "my.checked.xlsx"))


def test_marks_that_are_mended_go_and_new_ones_come(tmp_path: Path) -> None:
    """A marked copy that is checked again keeps its name and only the marks that hold."""
    path = _damaged(tmp_path / "my.xlsx")
    with pytest.raises(InputError) as caught:
        load(path)
    copy = mark(path, caught.value).path
    book = openpyxl.load_workbook(copy)
    book["offers"]["E3"] = 300
    book.save(copy)
    with pytest.raises(InputError) as caught:
        load(copy)
    assert mark(copy, caught.value).path == copy
    book = openpyxl.load_workbook(copy)
    assert book.sheetnames.count("problems") == 1
    assert book["offers"]["E3"].comment is None
    assert book["offers"]["E3"].fill.fill_type is None
    assert book["offers"]["A4"].comment is not None


def test_what_the_marked_copy_cannot_keep_is_named(tmp_path: Path) -> None:
    """Macros and charts of the user's file are not in the copy: it says so."""
    path = _damaged(tmp_path / "my.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"")
        archive.writestr("xl/charts/chart9.xml", b"<c/>")
    with pytest.raises(InputError) as caught:
        load(path)
    assert mark(path, caught.value).lost == ("macros", "charts")


def test_where_numbers_come_from_goes_there_and_back(tmp_path: Path) -> None:
    """Folder to workbook to folder by the command line: texts that look like numbers, formulas or new lines."""
    from planner.cli import main

    rows = [["table", "key", "value", "formula"], *(["offers", "", "007", told] for told in NASTY if "_x0" not in told)]
    folder = write(tmp_path / "small", files())
    write_companions({"provenance": rows, "unused": [["file", "reason"], ["a.csv", "'old'"]]}, folder)
    assert main(["export", str(folder), "--to", str(tmp_path / "book.xlsx")]) == 0
    assert main(["export", str(tmp_path / "book.xlsx"), "--to", str(tmp_path / "again")]) == 0
    for name in ("provenance.csv", "unused.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert companions(tmp_path / "book.xlsx")["provenance"] == rows
    assert main(["new", str(tmp_path / "third"), "--from", str(folder)]) == 0
    assert companions(tmp_path / "third") == companions(folder)


def test_a_damaged_file_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No workbook at all: told, and nothing written beside it."""
    from planner.cli import main

    (tmp_path / "my.xlsx").write_bytes(b"PK no workbook")
    assert main(["check", str(tmp_path / "my.xlsx")]) == 3
    assert "my.checked.xlsx is not written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["my.xlsx"]


@pytest.fixture(scope="module")
def magnets() -> Plan:
    """The plan of allied-magnets."""
    return planner.solve(load("allied-magnets")).plan


@pytest.fixture(scope="module")
def short() -> Plan:
    """A plan with everything red: unmet demand, a rule broken at its price."""
    trade = Trade(2)
    trade.seller("=cheap", 10.0, capacity=50.0)
    trade.seller("@dear", 16.0, capacity=20.0)
    trade.unmet(1000.0)
    trade.demand(100.0, priority="civil")
    trade.site("=cheap", "AAA")
    trade.rule("max_quantity", 30.0, subject_by="site", subject="=cheap", material="ore", penalty=1.0)
    return trade.plan()


def test_every_table_of_a_plan_has_a_sheet() -> None:
    """None is left out of the workbook."""
    assert set(MEANING) == set(PLAN_TABLES)


def _same_plan(plan: Plan, path: Path) -> None:
    book = CalamineWorkbook.from_path(str(path))
    currency = plan.instance.header.currency
    for name in MEANING:
        frame = plan.tables[name]
        assert (name in book.sheet_names) == bool(len(frame))
        if not len(frame):
            continue
        rows = book.get_sheet_by_name(name).to_python()
        assert rows[0] == [title(name, column, currency) for column in PLAN_TABLES[name]]
        read = pd.DataFrame(rows[1:], columns=list(PLAN_TABLES[name]))
        for column in PLAN_TABLES[name]:
            if column in TEXT:
                assert [str(text) for text in read[column]] == frame[column].tolist(), (name, column)
            else:
                numbers = [math.nan if cell == "" else cell for cell in read[column]]
                assert pd.Series(numbers, dtype=float).equals(frame[column].astype(float).reset_index(drop=True))


def test_every_number_of_a_plans_workbook_is_the_plans(magnets: Plan, short: Plan, tmp_path: Path) -> None:
    """Every cell of every table, to the last bit, names that look like formulas among them."""
    for plan in (magnets, short):
        write_plan(plan, tmp_path / "plan.xlsx")
        _same_plan(plan, tmp_path / "plan.xlsx")
        with zipfile.ZipFile(tmp_path / "plan.xlsx") as archive:
            sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/sheet")]
            assert not any(b"<f>" in archive.read(part) for part in sheets)


def test_tiles_and_charts_are_the_plans(magnets: Plan, tmp_path: Path) -> None:
    """Summed again from the tables by plain loops; the sheet behind the charts holds what the charts say."""
    shown = {tile.label: tile.value for tile in tiles(magnets)}
    assert shown["Cost, m USD"] == pytest.approx(magnets.costs["present_value"].sum() / 1e6, rel=1e-12)
    assert shown["Unmet demand, t"] == pytest.approx(magnets.demand["unmet"].sum())
    place = dict(zip(magnets.instance.tables["sites"]["site"], magnets.instance.tables["sites"]["place"], strict=True))
    spent: dict[str, float] = {}
    for row in magnets.sales.to_dict("records"):
        spent[place[row["site"]]] = spent.get(place[row["site"]], 0.0) + row["cost"]
    assert shown["Largest source"] == pytest.approx(max(spent.values()) / sum(spent.values()))
    gaps = [(r["days"] - r["required_days"], r["days"]) for r in magnets.cover.to_dict("records") if r["required_days"]]
    assert shown["Tightest cover, days"] == pytest.approx(min(gaps)[1])
    assert shown["Rules that bind"] == len(
        {r["rule"] for r in magnets.rules.to_dict("records") if r["binding"] == "yes"}
    )
    shares, costs, sources, stock = charts(magnets)
    assert costs.frame.drop(columns="period").to_numpy().sum() == pytest.approx(magnets.costs["amount"].sum() / 1e6)
    assert sources.frame.drop(columns="period").to_numpy().sum() == pytest.approx(magnets.sales["cost"].sum() / 1e6)
    assert stock.frame.drop(columns="period").to_numpy().sum() == pytest.approx(magnets.stock["closing"].sum())
    capped = {(r["actual"], r["limit"]) for r in magnets.rules.to_dict("records") if r["unit"] == "share"}
    assert set(zip(shares.frame["actual"], shares.frame["cap"], strict=True)) <= capped
    write_plan(magnets, tmp_path / "plan.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "plan.xlsx"))
    cells = [
        cell for row in book.get_sheet_by_name("chart data").to_python() for cell in row if isinstance(cell, float)
    ]
    drawn = [
        number for chart in (shares, costs, sources, stock) for number in chart.frame.iloc[:, 1:].to_numpy().ravel()
    ]
    assert cells == pytest.approx(drawn, abs=0)


def test_what_is_broken_or_short_is_red(short: Plan, tmp_path: Path) -> None:
    """70 t can be had of 100: 30 are unmet in each year; 50 t come from a site that is asked for 30 at most."""
    assert short.demand["unmet"].tolist() == [30.0, 30.0]
    write_plan(short, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    for name, count in (("demand", 2), ("rules", 2), ("sales", 0)):
        assert int(broken(name, short.tables[name]).sum()) == count
        marked = {str(block.sqref).split(":")[0] for block in book[name].conditional_formatting}
        assert marked == {f"A{row}" for row in range(2, 2 + count)}
    unmet = next(cell for row in book["summary"].iter_rows() for cell in row if cell.value == 60)
    assert unmet.font.color.rgb == "FFC2410C"


def test_a_planner_finds_tables_charts_and_a_page_set_up(magnets: Plan, tmp_path: Path) -> None:
    """One Excel table a sheet with filters, panes frozen, four native charts, a page as wide as the paper."""
    write_plan(magnets, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames[0] == "summary"
    with zipfile.ZipFile(tmp_path / "plan.xlsx") as archive:
        assert sum(part.startswith("xl/charts/chart") for part in archive.namelist()) == 4
    for name, frame in product(MEANING, [magnets]):
        if not len(frame.tables[name]):
            continue
        sheet = book[name]
        (table,) = sheet.tables.values()
        assert table.ref == sheet.dimensions
        assert table.autoFilter is not None
        assert sheet.freeze_panes is not None
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.paperSize == 9


def test_a_table_too_long_for_a_workbook_is_named(short: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays in the run; the summary says where."""
    from planner.workbook import plan as module

    monkeypatch.setattr(module, "LARGEST", 2)
    write_plan(short, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert "sales" not in book.sheetnames
    told = {cell.value for row in book["summary"].iter_rows() for cell in row if isinstance(cell.value, str)}
    assert "4 rows, too many for a workbook: tables/sales.parquet of the run" in told
