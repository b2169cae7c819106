"""One visitor's work without a page: uploads, tables mended cell by cell, sliders, stop-and-keep, files."""

import io
import re
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import planner
from planner.analysis.sliders import controls
from planner.app import desk as desk_module
from planner.app import upload
from planner.app.book import HEADER, Book
from planner.app.desk import PLAN, WAITING, Desk
from planner.errors import InputError, PlannerError
from planner.generate import network
from planner.read import raw
from planner.report.facts import Facts, headline
from planner.settings import Settings
from planner.solving.conflict import conflict
from tests import small
from tests.uploads import two_countries, workbook, zipped


class TestUploads:
    """What is read of an upload, and what is refused."""

    def test_a_zipped_folder_is_read(self) -> None:
        """Wherever in the zip it lies; the file beside the tables is left out."""
        found = upload.read_upload("small.zip", zipped(small.files() | {"run.py": "raise SystemExit"}, "deep/down/"))
        assert Book.of(found).problems == ()

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("a.exe", b"MZ", "is neither a workbook"),
            ("a.xlsx", b"no zip", "is damaged, or no .xlsx file"),
            ("a.zip", b"", "is damaged, or no .zip file"),
            ("a.zip", zipped({"offers.csv": "site\n"}), "holds no instance.toml"),
            ("a.zip", zipped({f"{n}.csv": "" for n in range(upload.MOST_FILES + 1)}), "at most 400 are read"),
            ("a.zip", b"0" * (upload.LARGEST + 1), "is larger than 20 MB"),
        ],
    )
    def test_what_is_no_instance_is_refused(self, name: str, content: bytes, told: str) -> None:
        """In words, by the name of the file."""
        with pytest.raises(InputError, match=re.escape(told)):
            upload.read_upload(name, content)

    def test_a_bomb_is_not_unpacked(self) -> None:
        """A few kilobytes that unpack to more than is read."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("instance.toml", small.HEADER)
            archive.writestr("offers.csv", b" " * (upload.UNPACKED + 1))
        with pytest.raises(InputError, match="unpacks to more than 200 MB"):
            upload.read_upload("a.zip", content.getvalue())

    def test_nothing_is_written_outside(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Names that climb out of the folder are no tables of it; nothing stays behind either."""
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
        (tmp_path / "temporary").mkdir()
        files = small.files() | {"../escaped.csv": "x", "../../escaped.csv": "x", "/escaped.csv": "x"}
        upload.read_upload("../../escaped.zip", zipped(files))
        assert [path.name for path in tmp_path.rglob("*")] == ["temporary"]


class TestBook:
    """Cells mended one by one."""

    def test_a_sound_table_refuses_what_is_wrong(self, tmp_path: Path) -> None:
        """With the message of the check, and stays as it is."""
        book = Book.of(raw(small.write(tmp_path / "small", small.files())))
        with pytest.raises(InputError, match=re.escape("demands.csv line 2, site: no site 'Tokio'; did you mean")):
            book.with_cell("demands", 2, "site", "Tokio")
        changed = book.with_cell("demands", 2, "quantity", "150")
        assert changed.instance is not None
        assert changed.instance["demands"]["quantity"].iloc[0] == 150.0
        assert book.instance is not None
        assert book.instance["demands"]["quantity"].iloc[0] == 100.0

    def test_a_damaged_table_is_mended_cell_by_cell(self, tmp_path: Path) -> None:
        """What is still wrong in the cell is refused; what is right is kept although others are wrong."""
        content = workbook(two_countries(), tmp_path, offers_A3="naer", offers_E4="12,5")
        book = Book.of(upload.read_upload("book.xlsx", content))
        assert [problem.place for problem in book.problems] == ["offers!A3", "offers!E4"]
        assert set(book.wrong("offers")) == {(3, "site"), (4, "price")}
        with pytest.raises(InputError, match=re.escape("offers!E4, price: 'dear' is not a number")):
            book.with_cell("offers", 4, "price", "dear")
        half = book.with_cell("offers", 4, "price", "16")
        assert [problem.place for problem in half.problems] == ["offers!A3"]
        whole = half.with_cell("offers", 3, "site", "near")
        assert whole.instance is not None
        assert planner.solve(whole.instance).plan.objective == pytest.approx(1240.0)

    def test_rows_come_and_go(self, tmp_path: Path) -> None:
        """A row more, the same row out again; a row that others need stays."""
        book = Book.of(raw(small.write(tmp_path / "small", small.files())))
        more = book.with_row("priorities", {"priority": "late", "rank": "3", "unmet_cost": "1"})
        assert more.tables["priorities"] == 3
        assert more.without_rows("priorities", [4]).rows("priorities") == book.rows("priorities")
        with pytest.raises(InputError, match="no priority 'civil'"):
            book.without_rows("priorities", [3])
        with pytest.raises(InputError, match="rank: '0' is below 1"):
            book.with_row("priorities", {"priority": "late", "rank": "0"})

    def test_a_column_that_is_not_there_yet_can_be_filled(self) -> None:
        """What is typed below its name is kept and checked."""
        book = Book.of(raw("tutorial"))
        assert "risk" not in book.raw.sheets["places"].header
        assert "risk" in book.heads("places")
        with pytest.raises(InputError, match="'3' is above 1"):
            book.with_cell("places", 2, "risk", "3")
        found = book.with_cell("places", 2, "risk", "0.3").instance
        assert found is not None
        assert found["places"]["risk"].iloc[0] == 0.3

    def test_the_header_can_be_changed(self, tmp_path: Path) -> None:
        """A number and a text; a fraction typed as a percentage is refused."""
        book = Book.of(raw(small.write(tmp_path / "small", small.files())))
        at = {key: line for line, (key, _) in book.rows(HEADER)}
        changed = book.with_cell(HEADER, at["discount_rate"], "discount_rate", "0.08")
        assert changed.instance is not None
        assert changed.instance.header.discount_rate == 0.08
        with pytest.raises(InputError, match=re.escape("0.08 for 8 %")):
            book.with_cell(HEADER, at["discount_rate"], "discount_rate", "8")


class TestLevers:
    """What there is to pull."""

    def test_every_lever_makes_a_plan_or_says_why_not(self) -> None:
        """At rest nothing changes; at each end the changes are taken."""
        instance = two_countries()
        found = controls(instance)
        assert {(lever.kind, lever.name) for lever in found} == {
            *(("limit", "cap"), ("rule", "cap"), ("demand", "ore")),
            *(("place", "A"), ("place", "B"), ("site", "near"), ("site", "far")),
        }
        study = planner.study(instance)
        for lever in found:
            assert lever.changes(lever.value) == ()
            for value in {lever.least, lever.most} - {lever.value}:
                changes = lever.changes(value)
                assert study.apply(*changes).changes == tuple(map(str, changes))
                study.reset()

    @pytest.mark.parametrize(("value", "cost"), [(0.5, 1300.0), (0.8, 1120.0)])
    def test_a_slider_sets_the_limit(self, value: float, cost: float) -> None:
        """Half of each: 50 x 10 + 50 x 16; 80 t of A and 20 t of B."""
        desk = Desk(Settings())
        desk.book = Book(raw("tutorial"), two_countries())
        lever = next(lever for lever in desk.levers() if lever.kind == "limit")
        assert desk.what_if({lever: value}).plan.objective == pytest.approx(cost)


class TestDesk:
    """One visitor's work."""

    def test_own_rules_never_come_from_the_app(self, tmp_path: Path) -> None:
        """Whatever the settings of the one who serves say."""
        assert Desk(Settings(rules=tmp_path / "rules.py")).settings.rules is None

    def test_stop_keeps_the_best_plan(self) -> None:
        """The search is asked to stop at its first plan: a verified plan with its bound, long before the time limit."""
        desk = Desk(Settings(gap=0.0, time_limit=300.0, report="no"))
        desk.book = Book(raw("tutorial"), planner.from_frames(*network(2_000, charges=True)))
        solving = threading.Thread(target=desk.solve)
        solving.start()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not (desk.watch.at and desk.watch.at.incumbent < float("inf")):
            time.sleep(0.02)
        told = desk.watch.at
        desk.watch.stop.set()
        solving.join(60)
        assert told is not None
        assert desk.outcome is not None
        plan = desk.outcome.plan
        assert desk.outcome.status == "feasible"
        assert plan.bound < plan.objective <= told.incumbent * (1 + 1e-9)
        assert sum(desk.outcome.seconds.values()) < 150

    def test_a_desk_waits_for_its_turn_and_may_be_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """While others have every processor it says so; stopped, it solves nothing; else it solves when one is free."""
        turns = threading.BoundedSemaphore(1)
        monkeypatch.setattr(desk_module, "TURNS", turns)
        desk = Desk(Settings(report="no"))
        desk.open("tutorial")
        for stopped in (True, False):
            turns.acquire()
            with ThreadPoolExecutor(1) as thread:
                solving = thread.submit(desk.solve)
                while desk.watch.doing != WAITING:
                    time.sleep(0.01)
                if stopped:
                    desk.watch.stop.set()
                    with pytest.raises(PlannerError, match="stopped while it waited"):
                        solving.result(timeout=10)
                turns.release()
            assert stopped or solving.result().status == "optimal"
            assert desk.watch.doing == ""

    def test_a_linear_solve_that_is_stopped_has_no_plan(self) -> None:
        """And the next one is not stopped."""
        desk = Desk(Settings(report="no"))
        desk.book = Book(raw("tutorial"), two_countries())
        stop = threading.Event()
        stop.set()
        outcome = planner.solve(planner.load("allied-magnets"), stop=stop)
        assert outcome.found is None
        assert outcome.status == "unknown"
        desk.watch.stop.set()
        assert desk.solve().plan.objective == pytest.approx(1240.0)

    def test_a_search_for_repairs_can_be_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two countries of at most 40 % each: asked to stop at the conflict, it looks for no repair, and says so."""
        desk = Desk(Settings())
        study = planner.study(planner.load("tutorial")).set("rules", {"rule": "country-cap"}, limit=0.4)
        desk.book = Book(raw("tutorial"), study.instance)

        def stopping(*given: Any, **named: Any) -> tuple[str, ...]:
            desk.watch.stop.set()
            return conflict(*given, **named)

        with monkeypatch.context() as patched:
            patched.setattr("planner.analysis.explain.conflict", stopping)
            found = desk.explain()
        assert found.question == "no plan"
        assert found.repairs == ()
        assert found.message.startswith("the search was stopped before its end")
        assert desk.explain().repairs

    def test_report_and_workbook_are_of_this_plan(self, tmp_path: Path) -> None:
        """The cost in both; the tables come back as they are."""
        desk = Desk(Settings())
        desk.upload("book.xlsx", workbook(two_countries(), tmp_path))
        plan = desk.solve().plan
        text = desk.report().decode("utf-8")
        assert headline(Facts(plan, desk.reference)) in text
        (tmp_path / "plan.xlsx").write_bytes(desk.workbook())
        costs = openpyxl.load_workbook(tmp_path / "plan.xlsx")["costs"]
        last = costs.max_column
        assert sum(row[last - 1] for row in costs.iter_rows(min_row=2, values_only=True)) == pytest.approx(1240.0)
        (tmp_path / "tables.xlsx").write_bytes(desk.tables())
        again = planner.load(tmp_path / "tables.xlsx")
        for name, frame in desk.instance.tables.items():
            assert again[name].reset_index(drop=True).equals(frame.reset_index(drop=True)), name

    def test_a_kept_plan_can_be_compared(self) -> None:
        """60 t of A to 50 t: 60 USD more."""
        desk = Desk(Settings())
        desk.book = Book(raw("tutorial"), two_countries())
        desk.solve()
        with pytest.raises(PlannerError, match="pull a lever first"):
            desk.keep("tight")
        lever = next(lever for lever in desk.levers() if lever.kind == "limit")
        desk.what_if({lever: 0.5})
        desk.keep("tight")
        with pytest.raises(PlannerError, match="is taken"):
            desk.keep("tight")
        assert desk.compare(PLAN, "tight").sentence.startswith("The plan costs 60.00 USD (4.8 %) more")
        with pytest.raises(PlannerError, match="two different plans"):
            desk.compare(PLAN, PLAN)
