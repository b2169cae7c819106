"""The app in a browser: a damaged workbook mended, solved and stopped; two visitors; nothing from elsewhere; axe."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

import planner
from planner.analysis.compare import compare
from planner.generate import network
from planner.report.facts import Facts, five, headline
from planner.workbook.instance import write_instance
from tests.browser.test_report import DESK, PHONE, WCAG
from tests.pages import Page as Read

EVIL = "<script>document.title='broken'</script>"
CELL = "(cell) => [cell.textContent, cell.dataset.value ?? null]"
LONG = 60_000
"""Milliseconds that a solve may take here."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where ``planner serve`` listens."""
    command = [sys.executable, "-m", "planner", "serve", "--port", "0"]
    folder = tmp_path_factory.mktemp("serve")
    apart = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NICEGUI"))}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, env=apart, **pipes) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        yield found[0]
        server.terminate()
        _, told = server.communicate(timeout=30)
    assert "Traceback" not in told


class Visitor:
    """A browser of its own at the app, what it said and what it asked for."""

    def __init__(self, browser: Browser, address: str, size: dict[str, int] = DESK) -> None:
        self.context: BrowserContext = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]}, accept_downloads=True
        )
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        for _ in range(40):  # the server says where it listens just before it does
            try:
                self.page.goto(address)
                break
            except Exception:
                self.page.wait_for_timeout(500)
        self.page.get_by_text("Take an instance").wait_for()
        self.said.clear()

    def tab(self, name: str) -> None:
        """Choose a tab."""
        self.page.get_by_role("tab", name=name).click()

    def load(self, name: str) -> None:
        """Choose a built-in instance."""
        self.page.get_by_label("Instance", exact=True).click()
        self.page.get_by_role("option", name=name).click()
        self.page.get_by_role("button", name="Load").click()
        expect(self.page.get_by_text("rows read")).to_be_visible(timeout=LONG)

    def upload(self, path: Path) -> None:
        """Give a file."""
        self.page.set_input_files("input[type=file]", path)
        expect(self.page.get_by_text("rows read")).to_be_visible(timeout=LONG)

    def solve(self) -> None:
        """Solve and wait for the answer."""
        self.tab("Plan")
        self.page.get_by_role("button", name="Solve").click()
        expect(self.page.locator(".answer")).to_be_visible(timeout=LONG)

    def type(self, line: int, old: str, new: str) -> None:
        """Type into the cell of a row."""
        self.page.locator(f'.grid [row-id="{line}"] .ag-cell').filter(
            has_text=re.compile(f"^{re.escape(old)}$")
        ).dblclick()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(new)
        self.page.keyboard.press("Enter")

    def faults(self) -> list[str]:
        """What axe finds, rule and place."""
        found = Axe().run(self.page, options=WCAG).response["violations"]
        return [f"{fault['id']}: {node['target']}" for fault in found for node in fault["nodes"]]

    def figures(self) -> list[str]:
        """The figures below the answer: value and unit."""
        return [" ".join(text.split()) for text in self.page.locator(".five .value").all_inner_texts()]


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    """On a desk."""
    found = Visitor(browser, address)
    yield found
    found.context.close()


def told(plan: planner.Plan, reference: planner.Plan | None) -> list[str]:
    """The five figures as the page writes them."""
    return [" ".join(f"{figure.value} {figure.unit}".split()) for figure in five(Facts(plan, reference))]


def free(instance: planner.Instance) -> planner.Plan:
    """The cheapest plan, without rules."""
    return planner.solve(instance.with_tables(rules=instance["rules"].iloc[:0])).plan


def test_a_damaged_workbook_is_mended_and_solved(visitor: Visitor, tmp_path: Path) -> None:
    """Exact cells, marked; a wrong repair refused; the right ones taken; solved; the figures are the plan's."""
    instance, path = planner.load("gallium-germanium"), tmp_path / "damaged.xlsx"
    write_instance(instance, path)
    book = openpyxl.load_workbook(path)
    sheet = book["offers"]
    right = sheet["A4"].value, sheet["E5"].value
    sheet["A4"], sheet["E5"] = "China galium producers", "12,5"
    book.save(path)
    visitor.upload(path)
    page = visitor.page
    rows = page.locator(".faults tbody tr")
    assert rows.locator("th").all_inner_texts() == ["offers!A4", "offers!E5"]
    assert rows.nth(1).locator("td").all_inner_texts() == ["price", "12,5", "'12,5' is text, not a number; type 12.5"]
    assert page.locator(".grid .wrong").all_inner_texts() == ["China galium producers", "12,5"]
    visitor.type(5, "12,5", "cheap")
    expect(page.locator(".refused").first).to_contain_text("offers!E5, price: 'cheap' is not a number")
    expect(page.locator('.grid [row-id="5"] .wrong')).to_have_text("12,5")
    visitor.type(5, "12,5", str(right[1]))
    expect(rows).to_have_count(1)
    visitor.type(4, "China galium producers", str(right[0]))
    expect(page.get_by_text("no problems")).to_be_visible()
    expect(page.locator(".grid .wrong")).to_have_count(0)
    visitor.solve()
    plan, reference = planner.solve(instance).plan, free(instance)
    expect(page.locator(".answer")).to_have_text(headline(Facts(plan, reference)))
    assert visitor.figures() == told(plan, reference)
    assert visitor.said == []


def test_a_wrong_change_of_a_sound_table_is_refused(visitor: Visitor) -> None:
    """With its message, and the cell shows again what it held."""
    visitor.load("tutorial")
    page = visitor.page
    page.get_by_role("button", name=re.compile("^rules")).click()
    limit = planner.load("tutorial")["rules"]["limit"].iloc[0]
    visitor.type(2, f"{limit:g}", "65")
    expect(page.locator(".refused").first).to_contain_text("'65' is above 1 (a fraction: 0.65 for 65 %)")
    expect(page.locator('.grid [row-id="2"]').get_by_text(f"{limit:g}", exact=True)).to_be_visible()
    expect(page.get_by_text("no problems")).to_be_visible()


def test_stop_mid_solve_keeps_the_best_plan(visitor: Visitor, tmp_path: Path) -> None:
    """A mixed-integer plan with a wide gap is stopped at its first incumbent: bound, gap and plan are shown."""
    header, tables = network(4_000, charges=True)
    write_instance(planner.from_frames(header, tables), tmp_path / "network.xlsx")
    visitor.upload(tmp_path / "network.xlsx")
    page = visitor.page
    visitor.tab("Plan")
    page.get_by_role("button", name="Solve").click()
    standing = page.locator(".say[role=status]").first
    expect(standing).to_contain_text(re.compile(r"best plan [\d.]+ .* none below [\d.]+ .* gap"), timeout=2 * LONG)
    page.get_by_role("button", name="Stop and keep the best plan").click()
    expect(page.locator(".answer")).to_be_visible(timeout=LONG)
    expect(standing).to_contain_text("the best plan found until then is kept")
    expect(page.locator(".status").first).to_contain_text("best plan found in time")
    expect(page.locator(".status").first).to_contain_text("verified")
    assert page.locator("#limits table, #decisions table").count() >= 1
    assert visitor.said == []


def test_sliders_solve_again_and_charts_follow(visitor: Visitor) -> None:
    """Demand ten percent up: the sentence, the figures and the dots are those of a study's plan; then compared."""
    visitor.load("tutorial")
    visitor.solve()
    visitor.tab("What if")
    page = visitor.page
    instance = planner.load("tutorial")
    base, study = planner.solve(instance).plan, planner.study(instance)
    material = str(instance["demands"]["material"].iloc[0])
    page.get_by_label(f"{material}, percent", exact=True).fill("110")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Re-solved in")).to_be_visible(timeout=LONG)
    study.scale("demands", {"material": material}, quantity=1.1)
    expect(page.locator(".answer")).to_have_text(compare({"Plan": base, "now": study.plan}).sentence)
    assert visitor.figures() == told(study.plan, base)
    slider = page.get_by_label(f"{material}, percent, slider")
    assert slider.input_value() == "110"
    slider.press("ArrowLeft")
    study.reset().scale("demands", {"material": material}, quantity=1.05)
    expect(page.locator(".answer")).to_have_text(compare({"Plan": base, "now": study.plan}).sentence, timeout=LONG)
    page.get_by_label("Name of this plan").fill("more")
    page.get_by_role("button", name="Keep it").click()
    visitor.tab("Compare")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#input td").last).to_be_visible(timeout=LONG)
    found = compare({"Plan": base, "more": study.plan})
    cost = page.locator("#figures tbody tr").first.locator("[data-value]")
    values = [float(cell.get_attribute("data-value") or "nan") for cell in cost.all()]
    assert values == pytest.approx([found.figures.at[0, name] for name in ("Plan", "more")], rel=1e-12)
    assert visitor.said == []


def test_every_number_of_the_plan_is_the_plans(visitor: Visitor, tmp_path: Path) -> None:
    """Its tables are those of the report of the same plan, cell by cell; report and workbook come down with them."""
    visitor.load("gallium-germanium")
    visitor.solve()
    page = visitor.page
    expect(page.get_by_role("button", name="Report")).to_be_enabled()
    with page.expect_download(timeout=LONG) as report:
        page.get_by_role("button", name="Report").click()
    read = Read(Path(report.value.path()).read_text("utf-8"))
    names = [name for name in read.tables if page.locator(f"#{name} table").count()]
    assert {"decisions", "supply", "concentration", "cost", "limits"} <= set(names)
    script = f"(table) => [...table.tBodies[0].rows].map((row) => [...row.cells].map({CELL}))"
    for name in names:
        for shown, kept in zip(page.locator(f"#{name} table").all(), read.tables[name], strict=True):
            cells = [
                [(text, None if value is None else float(value)) for text, value in row]
                for row in shown.evaluate(script)
            ]
            assert cells == kept.rows, name
    with page.expect_download(timeout=LONG) as workbook:
        page.get_by_role("button", name="Workbook").click()
    workbook.value.save_as(tmp_path / "plan.xlsx")
    costs = openpyxl.load_workbook(tmp_path / "plan.xlsx")["costs"]
    total = sum(row[-1] for row in costs.iter_rows(min_row=2, values_only=True))
    assert total == pytest.approx(planner.solve(planner.load("gallium-germanium")).plan.objective, rel=1e-9)


def test_two_visitors_share_nothing(browser: Browser, address: str) -> None:
    """One mends and solves; the other sees no instance, then an instance of its own, unchanged; a reload keeps both."""
    one, two = Visitor(browser, address), Visitor(browser, address)
    one.load("tutorial")
    one.solve()
    expect(two.page.get_by_text("no instance yet")).to_be_visible()
    two.load("gallium-germanium")
    two.tab("Plan")
    expect(two.page.get_by_text("Not solved yet.")).to_be_visible()
    for visitor, name in ((one, "tutorial"), (two, "gallium-germanium")):
        visitor.page.reload()
        expect(visitor.page.locator(".top p")).to_have_text(name)
    one.tab("Plan")
    expect(one.page.locator(".answer")).to_be_visible()
    one.context.close()
    two.context.close()


def test_a_name_that_is_html_is_text(visitor: Visitor, tmp_path: Path) -> None:
    """In the problems, the grid, the plan's tables and charts and the what-if."""
    instance = planner.load("tutorial")
    old = str(instance["offers"]["site"].iloc[0])
    tables = {name: frame.replace(old, EVIL) for name, frame in instance.tables.items()}
    write_instance(planner.from_frames(instance.header, tables), tmp_path / "evil.xlsx")
    visitor.upload(tmp_path / "evil.xlsx")
    page = visitor.page
    page.get_by_role("button", name=re.compile("^offers")).click()
    expect(page.locator(".grid .ag-cell").filter(has_text=EVIL).first).to_be_visible()
    visitor.solve()
    visitor.tab("What if")
    page.get_by_text("Suppliers", exact=True).click()
    expect(page.get_by_text(EVIL, exact=True)).to_be_visible()
    page.get_by_label(EVIL, exact=True).uncheck()
    expect(page.get_by_text(re.compile("Re-solved in|No plan after"))).to_be_visible(timeout=LONG)
    assert page.title() == "Mineral sourcing planner"
    assert visitor.said == []


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_nothing_from_elsewhere_and_no_fault(browser: Browser, address: str, size: dict[str, int]) -> None:
    """Every tab, at a desk and on a telephone: own address only, clean console, nothing for axe, no sideways scroll."""
    visitor = Visitor(browser, address, size)
    page = visitor.page

    def sound(where: str) -> None:
        page.wait_for_timeout(400)  # colours fade in
        assert visitor.faults() == [], where
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], where

    sound("start")
    visitor.load("tutorial")
    sound("data")
    page.get_by_role("button", name="Add a row").click()
    expect(page.get_by_text("A row more in")).to_be_visible()
    sound("a row more")
    page.get_by_role("button", name="Cancel").click()
    visitor.solve()
    page.locator("#cost .main-svg, #supply .main-svg").first.wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    sound("plan")
    visitor.tab("What if")
    page.get_by_label(re.compile("percent, slider")).last.press("ArrowLeft")
    expect(page.get_by_text("Re-solved in")).to_be_visible(timeout=LONG)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    sound("what if")
    page.get_by_label("Name of this plan").fill("other")
    page.get_by_role("button", name="Keep it").click()
    visitor.tab("Compare")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#figures td").last).to_be_visible(timeout=LONG)
    sound("compare")
    page.set_viewport_size({"width": size["width"] - 20, "height": 700})
    page.wait_for_timeout(400)
    here = re.compile(f"^(http|ws){re.escape(address.removeprefix('http'))}|^(data|blob):")
    assert [url for url in visitor.asked if not here.match(url)] == []
    assert visitor.said == []
    visitor.context.close()
