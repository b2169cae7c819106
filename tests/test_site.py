"""The documentation says what is there: its commands parse, its Python compiles, its pages fetch nothing."""

import ast
import json
import re
import shlex
from pathlib import Path

import pytest

from docs.site import asked, mathml, pages
from planner.cli import _parser

ROOT = Path(__file__).parents[1]
PAGES = pages() | {"README.md": (ROOT / "README.md").read_text("utf-8")}
COMMANDS = sorted(
    {
        line.strip().partition("  #")[0]
        for text in PAGES.values()
        for line in text.splitlines()
        if line.startswith("    planner ")
    }
)


def test_there_are_commands() -> None:
    """Every question of the how-to has one."""
    sections = re.split(r"^## ", PAGES["howto.md"], flags=re.MULTILINE)[1:]
    asked_for = [part for part in sections if "\n    planner " in part]
    assert len(asked_for) >= len(sections) - 1 > 8


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_typed(command: str) -> None:
    """Every flag exists and takes what it is given."""
    options = _parser().parse_args(shlex.split(command)[1:])
    assert callable(options.run)


@pytest.mark.parametrize("name", PAGES)
def test_python_in_a_page_compiles(name: str) -> None:
    """Blocks that are marked as Python: as many as say so, each with something in it."""
    blocks = [ast.parse(block).body for block in re.findall(r"```python\n(.*?)```", PAGES[name], re.DOTALL)]
    assert len(blocks) == PAGES[name].count("```python")
    assert all(blocks)


def test_what_pages_name_exists() -> None:
    """Notebooks, scripts and pages that a page sends its reader to."""
    for name, text in PAGES.items():
        for path in re.findall(r"`((?:notebooks|docs|planner|instances|models|benchmarks)/[\w./-]+\.\w+)`", text):
            assert (ROOT / path).is_file(), f"{name}: {path}"


def test_commands_on_rules_and_rows_of_the_tutorial_find_them() -> None:
    """What the pages change in ``mine`` is in the instance that ``planner new`` writes."""
    offers = (ROOT / "instances/tutorial/offers.csv").read_text("utf-8")
    rules = (ROOT / "instances/tutorial/rules.csv").read_text("utf-8")
    told = " ".join(COMMANDS)
    for rule in set(re.findall(r"rules\[rule=([^],]+)", told)):
        assert f"\n{rule}," in rules
    for site in set(re.findall(r"(?:set|vary) '?offers\[site=([^],]+)", told)):
        assert f"\n{site}," in offers


def test_formulas_are_mathml() -> None:
    """Aligned ones are tables, none is left as TeX, and the words around them stay."""
    text = mathml("Let $x_t$ be it.\n\n```math\n\\begin{aligned}\na &= b \\\\\nc &\\le d\n\\end{aligned}\n```\n")
    assert text.startswith("Let <math") and " be it." in text
    assert "<mtable" in text and "$" not in text and "aligned" not in text and "<mi>&</mi>" not in text
    whole = PAGES["formulation.md"]
    assert whole.count("<math") > 100 and "```math" not in whole and "<mi>&</mi>" not in whole


def test_what_a_page_would_fetch_is_found(tmp_path: Path) -> None:
    """Scripts, styles, pictures from elsewhere; a link to follow is none."""
    page = tmp_path / "page.html"
    page.write_text('<a href="https://a.example">a</a><link rel="canonical" href="https://b.example/">')
    assert asked(page) == []
    page.write_text('<script src="https://c.example/x.js"></script><img src=//d.example/y.png>')
    assert json.dumps(asked(page)).count("example") == 2
