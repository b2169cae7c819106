"""The pages that are written from the code are what the code says."""

from pathlib import Path

import pytest

from docs.generate import _body, pages
from mineral_sourcing.build import FAMILIES
from planner.tables import TABLES, columns

PAGES = pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_is_up_to_date(path: Path) -> None:
    """If not: python docs/generate.py."""
    assert path.read_text("utf-8") == PAGES[path]


def test_every_table_column_and_family_is_told() -> None:
    """With unit and meaning; no markup of docstrings is left over."""
    dictionary, formulation = PAGES.values()
    for table in TABLES:
        section = dictionary.partition(f"\n## {table}\n")[2].partition("\n## ")[0]
        for name, column in columns(table).items():
            assert f"`{name}`" in section
            assert column.meaning
    assert "| `content` | mass/mass, ≥ 0, ≤ 1 | – |" in dictionary
    assert "| `risk` | fraction, ≥ 0, ≤ 1 |  |" in dictionary
    assert "| `loss` | fraction, ≥ 0, < 1 | 0 |" in dictionary
    for family in FAMILIES:
        assert f"`{family.__name__.rpartition('.')[2]}`" in formulation
    for page in PAGES.values():
        assert ":math:" not in page and ".. " not in page and "``" not in page.replace("```", "")


def test_formulas_tables_and_names_become_markdown() -> None:
    """A formula of two lines is aligned, a symbol's row may go on, text is text."""
    text = r"""What :math:`x_t` is, as ``flow.ship``.

.. math::

    a &= b \\
    c &= d

=========  =========  ====
:math:`x`  ``ship``,  t
           or not
=========  =========  ====
"""
    assert list(_body(text.splitlines())) == [
        "What $x_t$ is, as `flow.ship`.",
        "",
        *("```math", r"\begin{aligned}", r"a &= b \\", "c &= d", r"\end{aligned}", "```", ""),
        "| symbol | meaning | unit |",
        "|---|---|---|",
        "| $x$ | `ship`, or not | t |",
    ]
