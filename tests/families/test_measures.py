"""How concentrated supply is, by hand: of what is bought and of what is consumed, a material and a stage, a year."""

import pytest

from planner.plan import Plan
from tests import mutations
from tests.builders import Trade, amounts


def two_materials() -> Plan:
    """A sells 30 t of ore a quarter at most, B the rest of 40 t; C in A's place sells 20 t of coke, raw as ore is."""
    found = Trade(2, "quarter")
    for site, place in (("a", "AAA"), ("b", "BBB"), ("c", "AAA")):
        found.site(site, place, owner=f"owner {site}")
    found.goods("ore", stage="raw")
    found.goods("coke", stage="raw")
    found.seller("a", 10.0, capacity=120.0)
    found.seller("b", 16.0)
    found.seller("c", 20.0, "coke")
    found.demand(160.0)
    found.demand(80.0, material="coke")
    return found.plan()


def test_measures_of_a_year() -> None:
    """Two quarters of 40 t of ore, 30 of A and 10 of B, and 20 t of coke of C, in A's place. Ore: 60 of 80 t are A's,
    HHI 0.75² + 0.25² = 0.625, 1.6 sources. Raw goods together: 100 of 120 t from AAA; by owner 60, 20 and 40 t.
    """
    plan = two_materials()
    bought = plan.measures[plan.measures["basis"] == "purchases"]
    keys = ("material", "by", "subject")

    assert amounts(bought, *keys, "share") == pytest.approx(
        {
            ("ore", "place", "AAA"): 0.75,
            ("ore", "owner", "owner a"): 0.75,
            ("coke", "place", "AAA"): 1.0,
            ("coke", "owner", "owner c"): 1.0,
            ("", "place", "AAA"): 100 / 120,
            ("", "owner", "owner a"): 0.5,
        }
    )
    assert amounts(bought, *keys, "sources")["ore", "place", "AAA"] == pytest.approx(1.6)
    assert amounts(bought, *keys, "hhi")["", "owner", "owner a"] == pytest.approx((60**2 + 20**2 + 40**2) / 120**2)
    assert amounts(bought, *keys, "of_consumption")["", "place", "AAA"] == pytest.approx(100 / 120)
    assert set(bought["period"]) == {"2001"}


def test_lies_about_measures_are_caught() -> None:
    """Each number of the table changed by a thousandth, each row left out, each named subject another."""
    plan = two_materials()
    lies = [lie for lie in mutations.lies(plan, every=True) if lie.table == "measures"]
    assert lies and not [lie.what for lie in lies if not mutations.caught(lie)]
    swapped = plan.measures.copy()
    swapped["subject"] = swapped["subject"].replace({"AAA": "BBB"})
    lie = mutations.Lie("another largest", "measures", frozenset(), mutations.with_table(plan, "measures", swapped))
    assert mutations.caught(lie)
