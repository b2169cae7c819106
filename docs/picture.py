"""Takes the picture of the README: the first screen of the report of allied-magnets, by a headless Chromium.

python -m docs.picture
"""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from planner.cli import main as planner

PICTURE = Path(__file__).with_name("report.png")
WIDTH, HEIGHT = 1180, 1040


def take(report: Path, picture: Path) -> None:
    """The top of a page, as it is seen on a desk."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
        page.goto(report.as_uri())
        page.wait_for_selector(".plot svg")
        page.screenshot(path=picture)
        browser.close()


def main() -> None:
    """Solve, report, take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.html")
        planner(["report", "allied-magnets", "--exposure", "2027", "--out", str(report)])
        take(report, PICTURE)


if __name__ == "__main__":
    main()
