"""The app without a browser: uploads, tables mended cell by cell, simulated visitors, stop-and-keep, who is let in."""

import asyncio
import io
import re
import threading
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from nicegui import ui
from nicegui.elements.upload_files import SmallFileUpload
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation
from starlette.types import Receive, Scope, Send

import planner
from planner.analysis.sliders import levers
from planner.app import upload
from planner.app.book import HEADER, Book
from planner.app.desk import PLAN, Desk
from planner.app.guard import COOKIE, FORM, Guard
from planner.app.page import page
from planner.app.server import address, free, token_for
from planner.cli import main
from planner.errors import InputError, PlannerError, SettingsError
from planner.generate import network
from planner.instance import Instance
from planner.read import raw
from planner.report.facts import Facts, five, headline
from planner.settings import Settings
from planner.workbook.instance import write_instance
from tests import small
from tests.builders import Trade

EVIL = "<script>alert(1)</script>"


def two_countries(cap: float = 0.6) -> Instance:
    """100 t; A sells at 10, B at 16; no country above the cap: with 0.6, 60 t of A and 40 t of B cost 1240."""
    trade = Trade()
    trade.site("near", "A")
    trade.site("far", "B")
    trade.seller("near", 10)
    trade.seller("far", 16)
    trade.demand(100)
    trade.rule("max_share", cap, base="purchases", rule="cap")
    return planner.from_frames(trade.header, trade.tables)


def workbook(instance: Instance, folder: Path, **cells: Any) -> bytes:
    """An instance as a workbook, some cells written over: ``offers_E3=…``."""
    path = folder / "book.xlsx"
    write_instance(instance, path)
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        sheet, _, cell = place.rpartition("_")
        book[sheet][cell] = value
    book.save(path)
    return path.read_bytes()


def zipped(files: dict[str, str], inside: str = "") -> bytes:
    """Files as a zip, in a folder of it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{inside}{name}", text)
    return content.getvalue()


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
        found = levers(instance)
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


@asynccontextmanager
async def visited(settings: Settings | None = None, source: str = "") -> AsyncIterator[User]:
    """The app with a visitor at it."""
    async with user_simulation(root=partial(page, settings or Settings(), source)) as user:
        await opened(user)
        yield user


async def opened(user: User) -> None:
    """The page in a browser 1280 pixels wide."""
    user.javascript_rules[re.compile(r"window\.innerWidth")] = lambda _: 1280
    await user.open("/")
    await user.should_see("Take an instance", retries=30)


async def uploaded(user: User, content: bytes, name: str = "book.xlsx") -> None:
    """A file dropped on the page."""
    with user:
        field = next(iter(user.find(kind=ui.upload).elements))
        await field.handle_uploads([SmallFileUpload(name, "", content)])


async def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        await asyncio.sleep(0.05)


def typed(user: User, line: int, column: int, text: str) -> None:
    """A cell of the grid typed anew."""
    args = {"data": {"line": line}, "colId": f"c{column}", "newValue": text, "source": "edit"}
    user.find(kind=ui.aggrid).trigger("cellValueChanged", args)


def pages_html(user: User) -> str:
    """All HTML that the page shows of its own making."""
    with user:
        return "".join(str(element.content) for element in user.find(kind=ui.html).elements)


@pytest.mark.asyncio
async def test_rows_are_added_and_taken_out_by_a_form() -> None:
    """A wrong row is refused with its message, the right one taken."""
    async with visited(source="tutorial") as user:
        user.find(marker="sheet places").click()
        user.find("Add a row").click()
        user.find(marker="new place").type("NOR")
        user.find(marker="new latitude").type("591")
        user.find(marker="add row").click()
        await user.should_see("'591' is above 90", retries=30)
        user.find(marker="new latitude").clear()
        user.find(marker="new latitude").type("59.1")
        user.find(marker="add row").click()
        await user.should_see("19 rows read, no problems", retries=30)


async def solved(user: User) -> None:
    """The tab of the plan, and its button."""
    user.find(kind=ui.tab, content="Plan").click()
    user.find("Solve").click()
    await until(lambda: 'class="five"' in pages_html(user))


@pytest.mark.asyncio
async def test_a_visitor_mends_a_damaged_workbook_and_solves_it(tmp_path: Path) -> None:
    """Exact cells, a wrong repair refused, the right ones kept, the figures those of the plan."""
    content = workbook(two_countries(), tmp_path, offers_A3="naer", offers_E4="12,5")
    async with visited() as user:
        await uploaded(user, content)
        await user.should_see("2 problems", retries=30)
        await user.should_see("offers!A3")
        await user.should_see("'12,5' is text, not a number; type 12.5")
        typed(user, 4, 4, "cheap")
        await user.should_see("offers keeps ‘12,5’", retries=30)
        typed(user, 4, 4, "16")
        await user.should_see("1 problem", retries=30)
        typed(user, 3, 0, "near")
        await user.should_see("no problems", retries=30)
        await solved(user)
        shown = pages_html(user)
    plan = planner.solve(two_countries()).plan
    free = planner.solve(two_countries(1.0)).plan
    assert headline(Facts(plan, free)).replace("'", "&#x27;") in shown
    for figure in five(Facts(plan, free)):
        assert f"{figure.value} <small>{figure.unit}</small>" in shown


@pytest.mark.asyncio
async def test_a_lever_is_pulled_and_the_plan_compared() -> None:
    """The slider to 50 %: 1300 USD; kept under a name, it can be compared."""
    async with visited(source="tutorial") as user:
        await solved(user)
        user.find(kind=ui.tab, content="What if").click()
        instance = planner.load("tutorial")
        lever = next(lever for lever in levers(instance) if lever.kind == "demand")
        user.find(marker=f"range {lever.name}").trigger("input", "110")
        await user.should_see("Re-solved", retries=300)
        study = planner.study(instance).apply(*lever.changes(1.1))
        assert study.compare().sentence in pages_html(user)
        user.find("Name of this plan").type("more")
        user.find("Keep it, to compare").click()
        user.find(kind=ui.tab, content="Compare").click()
        user.find(kind=ui.button, content="Compare").click()
        await until(lambda: "What differs in the tables" in pages_html(user))


@pytest.mark.asyncio
async def test_where_there_is_no_plan_repairs_are_found(tmp_path: Path) -> None:
    """100 t from two countries, none above 40 %: the rule is named, and 50 % is the least that mends it, at 1300."""
    async with visited() as user:
        await uploaded(user, workbook(two_countries(0.4), tmp_path))
        await user.should_see("no problems", retries=30)
        user.find(kind=ui.tab, content="Plan").click()
        user.find("Solve").click()
        await user.should_see("These cannot all hold", retries=300)
        user.find("Explain, and find repairs").click()
        await until(lambda: "cap cap at 50 % instead of 40 %" in pages_html(user))
        assert 'data-value="1300.0"' in pages_html(user)


@pytest.mark.asyncio
async def test_two_visitors_share_nothing() -> None:
    """One loads and solves; the other's desk stays empty; each has its own thread."""
    async with visited() as one:
        two = User(httpx.AsyncClient(transport=one.http_client._transport, base_url="http://test"))
        await opened(two)
        await uploaded(one, zipped(small.files()), "small.zip")
        await one.should_see("no problems", retries=30)
        await two.should_not_see("no problems")
        await two.should_see("no instance yet")
        await two.http_client.aclose()


@pytest.mark.asyncio
async def test_a_name_that_is_html_stays_text(tmp_path: Path) -> None:
    """In the problems, in the tables, in the plan, in the what-if: never as HTML of the page."""
    trade = Trade()
    trade.site(EVIL, place="<b>there</b>")
    trade.seller(EVIL, 10, EVIL)
    trade.demand(100, material=EVIL)
    trade.rule("max_share", 1.0, base="purchases", rule=EVIL)
    content = workbook(planner.from_frames(trade.header, trade.tables), tmp_path)
    async with visited() as user:
        await uploaded(user, content, f"{EVIL}.xlsx")
        await user.should_see("no problems", retries=30)
        await solved(user)
        user.find(kind=ui.tab, content="What if").click()
        with user:
            user.find(marker=f"range {EVIL}")
        assert "<script" not in pages_html(user)
        assert "&lt;script&gt;" in pages_html(user)


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that reads what it is sent and says so."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


async def asked(token: str, host: str, path: str = "/", **heads: str) -> httpx.Response:
    """The answer to a request."""
    transport = httpx.ASGITransport(Guard(hello, token))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        return await client.get(path, headers=heads)


@pytest.mark.asyncio
async def test_loopback_answers_its_own_names_only() -> None:
    """Another name that leads here, or another site that asks, is refused; nothing from elsewhere may be loaded."""
    assert (await asked("", "127.0.0.1:8080")).status_code == 200
    assert (await asked("", "localhost:8080")).status_code == 200
    assert (await asked("", "evil.example")).status_code == 403
    assert (await asked("", "127.0.0.1:8080", origin="http://evil.example")).status_code == 403
    policy = (await asked("", "127.0.0.1:8080")).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.asyncio
async def test_elsewhere_a_token_is_needed() -> None:
    """Without it nothing; with it a cookie; the token leaves the address at once."""
    token = token_for("0.0.0.0")
    assert len(token) >= 40
    assert token_for("127.0.0.1") == ""
    assert (await asked(token, "desk.example")).status_code == 401
    assert (await asked(token, "desk.example", "/?token=wrong")).status_code == 401
    let_in = await asked(token, "desk.example", f"/?token={token}&tab=1")
    assert let_in.status_code == 303
    assert let_in.headers["location"] == "/?tab=1"
    cookie = let_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await asked(token, "desk.example", cookie=f"{COOKIE}={token}")).status_code == 200
    assert (await asked(token, "desk.example", cookie=f"{COOKIE}={token[:-1]}")).status_code == 401


@pytest.mark.asyncio
async def test_a_request_has_a_size() -> None:
    """What says that it is larger is refused; what does not say so is broken off."""
    transport = httpx.ASGITransport(Guard(hello))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        large = b"0" * (upload.LARGEST + FORM + 1)
        assert (await client.post("/", content=large)).status_code == 413

        async def parts() -> AsyncIterator[bytes]:
            yield large

        with pytest.raises(AssertionError):  # no answer at all
            await client.post("/", content=parts())


@pytest.mark.asyncio
async def test_a_socket_of_another_site_is_closed() -> None:
    """Before the app hears of it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    heads = [(b"host", b"127.0.0.1:8080"), (b"origin", b"http://evil.example")]
    await Guard(hello)({"type": "websocket", "headers": heads, "query_string": b"", "path": "/"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With another to give; so is an instance that there is not."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} cannot be used"):
            free("127.0.0.1", port)
        assert main(["serve", "--port", str(port)]) == 2
    assert "give another --port" in capsys.readouterr().err
    assert main(["serve", "tutorail"]) == 3
    assert "did you mean 'tutorial'" in capsys.readouterr().err


def test_the_address_holds_the_token() -> None:
    """Printed once, to be opened."""
    assert address("127.0.0.1", 8080, "") == "http://127.0.0.1:8080/"
    assert address("0.0.0.0", 80, "abc") == "http://0.0.0.0:80/?token=abc"
