"""The verifier computes averages and money again: no lie about them, and no change of what they are made of, passes."""

import dataclasses
from typing import Any

import pytest

from planner.instance import Instance
from planner.plan import Plan
from planner.verify import verify
from tests.builders import Trade
from tests.mutations import survivors


def chain() -> Trade:
    """Ore from two mines, one by tiers, through a plant to a market that also buys metal; in kilograms, two years."""
    trade = Trade(2, discount_rate=0.1, mass_unit="kg")
    for site, place, risk in (("old", "AAA", 0.8), ("new", "BBB", 0.2), ("plant", "CCC", 0.3), ("trader", "DDD", None)):
        trade.add("places", place=place, risk=risk)
        trade.site(site, place)
    trade.goods("ore", stage="mine")
    trade.goods("metal", stage="metal")
    trade.goods("slag", stage="metal")
    trade.seller("old", 4.0, to="plant", capacity=900.0)
    trade.offer("new", 7.0, capacity=900.0)
    trade.lane("new", "plant", freight=0.5, duty=0.1, loss=0.05)
    trade.add("tiers", site="new", material="ore", from_quantity=200.0, price=6.0, scheme="incremental")
    trade.process("split", "plant", {"ore": -2.0, "metal": 1.0, "slag": 0.5}, cost=3.0)
    trade.lane("plant", material="metal", loss=0.02)
    trade.seller("trader", 30.0, "metal")
    trade.add(
        "in_transit", origin="trader", destination="market", material="metal", arrives="2002", quantity=20.0, paid="no"
    )
    trade.demand(500.0, material="metal")
    for site, material, attribute, value in (
        ("trader", "metal", "risk", 0.1),
        ("old", "ore", "carbon", 9.0),
        ("new", "", "carbon", 2.0),
        ("trader", "", "recycled", 0.9),
        ("plant", "metal", "recycled", 0.1),
    ):
        trade.add("attributes", site=site, material=material, attribute=attribute, value=value)
    return trade


RULES: tuple[dict[str, Any], ...] = (
    {"rule": "risk", "kind": "max_average", "limit": 0.25, "attribute": "risk", "material": "metal"},
    {
        "rule": "carbon",
        "kind": "max_average",
        "limit": 6.0,
        "attribute": "carbon",
        "material": "ore",
        "market": "plant",
    },
    {"rule": "content", "kind": "min_average", "limit": 0.45, "attribute": "recycled", "material": "metal"}
    | {"penalty": 10.0, "per": "horizon"},
    {"rule": "budget", "kind": "max_spend", "limit": 2400.0, "material": "ore", "market": "plant", "subject_by": "site"}
    | {"subject": "new", "penalty": 0.2},
    {"rule": "tolls", "kind": "max_spend", "limit": 1000.0, "stage": "metal", "basis": "made", "pool": "together"}
    | {"subject_by": "place", "subject": "CCC", "penalty": 0.25},
    {"rule": "trade", "kind": "min_spend", "limit": 5000.0, "material": "metal", "subject_by": "site"}
    | {"subject": "trader", "from": "2002"},
    {"rule": "fresh", "kind": "max_share", "limit": 0.97, "material": "metal", "base": "purchases"}
    | {"recycled_in_base": "no", "subject_by": "site", "subject": "plant", "penalty": 1.0},
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A plan under every kind, hard and priced."""
    trade = chain()
    for rule in RULES:
        trade.rule(**{"subject_by": "", **rule})
    return trade.plan()


def test_every_kind_is_in_force(plan: Plan) -> None:
    """What follows is said of rules that bind."""
    assert set(plan.rules["kind"]) == {rule["kind"] for rule in RULES}
    assert set(plan.rules["rule"][plan.rules["binding"] == "yes"]) >= {"risk", "carbon", "content", "tolls", "trade"}


def test_no_small_lie_survives(plan: Plan) -> None:
    """Every number of the rule report and of the prices, every row, every limit."""
    total, alive = survivors(plan, every=True, tables=("rules", "prices", "tiers", "costs"))

    assert total > 100
    assert not alive, f"{total - len(alive)}/{total} caught; alive: {alive}"


CHANGES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("attributes", {"site": "trader", "attribute": "risk"}, {"value": 0.2}, "averages.cap"),
    ("attributes", {"site": "old"}, {"value": 9.5}, "averages.cap"),
    ("attributes", {"site": "trader", "attribute": "recycled"}, {"value": 0.5}, "quantity"),
    ("attributes", {"site": "plant"}, {"value": 0.5}, "base"),
    ("places", {"place": "CCC"}, {"risk": 0.4}, "averages.cap"),
    ("rules", {"rule": "risk"}, {"attribute": "carbon"}, "unit"),
    ("rules", {"rule": "risk"}, {"kind": "min_average"}, "kind"),
    ("rules", {"rule": "trade"}, {"limit": 6000.0}, "spend.cap"),
    ("rules", {"rule": "fresh"}, {"recycled_in_base": "yes"}, "base"),
    ("offers", {"site": "trader"}, {"price": 20.0}, "spend.cap"),
    ("processes", {"process": "split"}, {"cost": 3.5}, "quantity"),
    ("in_transit", {"origin": "trader"}, {"paid": "yes"}, "quantity"),
    ("tiers", {"from_quantity": 200.0}, {"price": 6.5}, "quantity"),
    ("lanes", {"origin": "new"}, {"freight": 0.75}, "quantity"),
    ("lanes", {"origin": "new"}, {"duty": 0.2}, "quantity"),
]
"""Table, rows, what is changed, and what must be found wrong."""


@pytest.mark.parametrize(("table", "where", "values", "column"), CHANGES)
def test_a_plan_of_another_input_is_refused(
    plan: Plan, table: str, where: dict[str, Any], values: dict[str, Any], column: str
) -> None:
    """The same plan beside an input in which one number differs."""
    frame = plan.instance[table]
    rows = frame.index == frame.index
    for name, value in where.items():
        rows &= frame[name] == value
    assert rows.any()
    frame.loc[rows, list(values)] = list(values.values())
    instance = Instance(plan.instance.header, {**plan.instance.tables, table: frame})
    faults = verify(dataclasses.replace(plan, instance=instance)).faults

    assert column in {fault.column for fault in faults if fault.table == "rules"}, [str(fault) for fault in faults]
