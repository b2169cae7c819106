"""The report in a browser: nothing asked of any network, a clean console, no fault of accessibility, phone, print."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import planner
from planner.report import html

WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of allied-magnets with a slider over two plans."""
    instance = planner.load("allied-magnets")
    plan = planner.solve(instance).plan
    free = planner.solve(instance.with_tables(rules=instance["rules"].iloc[:0])).plan
    path = tmp_path_factory.mktemp("report") / "report.html"
    return html.write(path, plan, reference=free, plans=[("No rules", free), ("As planned", plan)])


class Watched:
    """A page, what it said and what it asked for."""

    def __init__(self, browser: Browser, file: Path, size: dict[str, int]) -> None:
        self.page = browser.new_page(viewport={"width": size["width"], "height": size["height"]}, accept_downloads=True)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")
        self.page.wait_for_selector("#plot-cost .main-svg")


@pytest.fixture
def desk(browser: Browser, file: Path) -> Iterator[Watched]:
    """On a desk."""
    watched = Watched(browser, file, DESK)
    yield watched
    watched.page.close()


@pytest.fixture
def phone(browser: Browser, file: Path) -> Iterator[Watched]:
    """On a telephone."""
    watched = Watched(browser, file, PHONE)
    yield watched
    watched.page.close()


def opened(page: Page) -> None:
    """Every folded table unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")


def faults(page: Page) -> list[str]:
    """What axe finds, rule and place."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [f"{fault['id']}: {node['target']}" for fault in found for node in fault["nodes"]]


def test_nothing_is_asked_of_any_network_and_nothing_complained_of(desk: Watched, file: Path) -> None:
    """The file alone, also after the slider, a pick and a sort."""
    desk.page.locator("#slider").press("ArrowLeft")
    desk.page.get_by_role("button", name="NdPr oxide").click()
    desk.page.locator("#decisions .sort").first.click()
    desk.page.wait_for_timeout(300)
    assert desk.asked == [file.as_uri()]
    assert desk.said == []


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_axe_finds_no_fault(browser: Browser, file: Path, size: dict[str, int]) -> None:
    """WCAG A and AA, everything unfolded."""
    watched = Watched(browser, file, size)
    opened(watched.page)
    assert faults(watched.page) == []
    watched.page.close()


def test_a_phone_needs_no_sideways_scroll(phone: Watched) -> None:
    """Nothing is wider than the screen of 390 pixels, figures and unfolded tables included."""
    opened(phone.page)
    assert phone.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    told = "main p, main td, main th, main button, main .plot, main h2"
    right = f"[...document.querySelectorAll('{told}')].map((part) => part.getBoundingClientRect().right)"
    outside = sum(edge > PHONE["width"] for edge in phone.page.evaluate(right))
    assert outside == 0


def test_the_slider_moves_every_figure(desk: Watched) -> None:
    """One step to the left: the plan without rules, its answer, its dots, no waterfall; and back again."""
    page = desk.page
    answer, dots = page.locator("h1"), "document.querySelector('#plot-concentration').data[1].x"
    before = (answer.inner_text(), page.evaluate(dots))
    page.locator("#slider").press("ArrowLeft")
    expect(page.locator("#chosen")).to_have_text("No rules")
    expect(answer).to_have_text(re.compile("^The plan costs 67"))
    assert page.evaluate(dots) != before[1]
    expect(page.locator("#cost")).to_be_hidden()
    page.locator("#slider").press("ArrowRight")
    expect(answer).to_have_text(before[0])
    assert page.evaluate(dots) == before[1]
    expect(page.locator("#cost")).to_be_visible()


def test_a_material_can_be_picked(desk: Watched) -> None:
    """Tonnes of one material in place of money; the button says so; all in money again."""
    title = "document.querySelector('#plot-supply').layout.annotations[2].text"
    chip = desk.page.get_by_role("button", name="NdPr metal")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert "t of NdPr metal" in desk.page.evaluate(title)
    desk.page.get_by_role("button", name="All, in money").click()
    assert "USD" in desk.page.evaluate(title)


def test_a_click_on_a_heading_sorts_by_number(desk: Watched) -> None:
    """Up, then down; told to those who do not see it; from the keyboard too."""
    page = desk.page
    head = page.locator("#decisions thead th").nth(6)
    cells = "[...document.querySelectorAll('#decisions tbody tr')].map((row) => Number(row.cells[6].dataset.value))"
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    up = page.evaluate(cells)
    assert up == sorted(up)
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert page.evaluate(cells) == up[::-1]


def test_a_table_comes_as_csv(desk: Watched) -> None:
    """The numbers in full, one line a row."""
    with desk.page.expect_download() as download:
        desk.page.locator("#decisions .csv").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert download.value.suggested_filename == "decisions.csv"
    assert len(text.splitlines()) == 11
    assert text.splitlines()[0].startswith('"#","Decision"')


def test_print_gives_one_idea_a_page(desk: Watched, tmp_path: Path) -> None:
    """A4 landscape, the answer with its decisions first; figures as wide as the page at most; no empty page."""
    content = desk.page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", content)}
    assert {(round(box[2]), round(box[3])) for box in boxes} == {(842, 595)}
    pages = max(int(count) for count in re.findall(rb"/Count (\d+)", content))
    assert pages == 8
    desk.page.emulate_media(media="print")
    for control in ("nav", ".slider", ".take", ".chips"):
        expect(desk.page.locator(control).first).to_be_hidden()
