"""The widget of a study, moved from Python as a browser would move it."""

import subprocess
import sys
from typing import Any

import pytest

import planner
from planner.analysis.widget import Widget
from planner.errors import PlannerError


@pytest.fixture
def widget() -> Widget:
    """On the tutorial: 60 t from A1, 5 t from A2, 35 t from B1 a year."""
    return planner.study(planner.load("tutorial")).widget()


def test_controls_come_from_the_instance(widget: Widget) -> None:
    """A slider for the limit and the demand, a box for the rule, the countries and the suppliers."""
    assert widget.controls.keys() == {
        ("limit", "country-cap"), ("rule", "country-cap"), ("demand", "oxide"),
        ("place", "AAA"), ("place", "BBB"), ("site", "A1"), ("site", "A2"), ("site", "B1"),
    }  # fmt: skip
    slider = widget.controls["limit", "country-cap"]
    assert (slider.min, slider.value, slider.max) == (0.0, 0.65, 1.0)


def test_a_move_solves_again_and_changes_the_figures_in_place(widget: Widget) -> None:
    """80 t from A: 60 × 310 + 20 × 350 + 20 × 440 = 34 400 a year, 68 800 in two instead of 71 500."""
    before, shown = dict(widget.figures), widget.figures["concentration"]
    assert list(shown.data[1].x) == pytest.approx([65.0])
    widget.controls["limit", "country-cap"].value = 0.8
    assert widget.outcome.plan.objective == pytest.approx(68_800.0)
    assert widget.study.changes == ("rules[rule=country-cap,limit=0.65].limit=0.8",)
    assert list(shown.data[1].x) == pytest.approx([80.0])
    assert list(shown.data[0].x) == pytest.approx([65.0])
    assert list(widget.figures["waterfall"].data[1].text) == [" 71,500", " −300", " −2,400", " <b>68,800</b>"]
    assert all(widget.figures[name] is figure for name, figure in before.items())
    assert "68,800" in widget.text.value


def test_moves_do_not_pile_up(widget: Widget) -> None:
    """Each move is from where the study stood; back where it began, nothing is changed."""
    slider, demand = widget.controls["limit", "country-cap"], widget.controls["demand", "oxide"]
    slider.value, demand.value = 0.8, 1.1
    assert len(widget.study.changes) == 2
    slider.value, demand.value = 0.65, 1.0
    assert not widget.study.changes
    assert widget.outcome.plan.objective == pytest.approx(71_500.0)


def test_what_the_user_changes_meanwhile_stays(widget: Widget) -> None:
    """A change made in another cell is not taken back by the next move."""
    widget.controls["demand", "oxide"].value = 1.1
    widget.study.scale("offers", {"site": "B1"}, price=1.1)
    widget.controls["site", "A2"].value = False
    widget.controls["site", "A2"].value = True
    assert "offers[site=B1].price*=1.1" in widget.study.changes


def test_without_a_plan_it_says_why_and_comes_back(widget: Widget) -> None:
    """Two countries of at most 40 % each are not enough: the rule is named, the figures stay."""
    slider, figure = widget.controls["limit", "country-cap"], widget.figures["concentration"]
    slider.value = 0.4
    assert widget.outcome.status == "infeasible"
    assert "No plan" in widget.text.value
    assert "country-cap" in widget.text.value
    assert list(figure.data[1].x) == pytest.approx([65.0])
    slider.value = 0.6
    assert list(figure.data[1].x) == pytest.approx([60.0])


def test_a_supplier_switched_off_sells_nothing(widget: Widget) -> None:
    """Without A1, 60 t come from A2 and 40 t from B1: 60 × 350 + 40 × 440 = 38 600 a year."""
    widget.controls["site", "A1"].value = False
    assert widget.outcome.plan.objective == pytest.approx(77_200.0)


@pytest.mark.parametrize("missing", ["ipywidgets", "anywidget"])
def test_a_missing_extra_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to type."""
    study: Any = planner.study(planner.load("tutorial"))
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "planner.analysis.widget")
    with pytest.raises(PlannerError, match=rf"needs {missing}.*mineral-sourcing-planner\[notebook\]"):
        study.widget()


def test_nothing_heavy_is_imported_before_it_is_asked_for() -> None:
    """A study that is solved and compared leaves plotly and ipywidgets alone."""
    code = (
        "import sys, planner\n"
        "study = planner.study(planner.load('tutorial'))\n"
        "study.scale('demands', {}, quantity=1.1).compare()\n"
        "print(sorted({'plotly', 'ipywidgets', 'anywidget'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
