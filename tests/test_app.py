"""The app with simulated visitors: mend, solve, pull, compare, explain; nothing shared, nothing run."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from nicegui import ui
from nicegui.elements.upload_files import SmallFileUpload
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

import planner
from planner.analysis.sliders import controls
from planner.app.page import page
from planner.report.facts import Facts, five, headline
from planner.settings import Settings
from tests import small
from tests.builders import Trade
from tests.uploads import two_countries, workbook, zipped

EVIL = "<script>alert(1)</script>"


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
        lever = next(lever for lever in controls(instance) if lever.kind == "demand")
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
    """One loads an instance; the other's desk stays empty."""
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
