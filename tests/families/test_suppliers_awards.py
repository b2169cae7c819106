"""Suppliers: at least so many, each with at least its award, and incumbents kept, in optima solved by hand."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import planner
from planner.assembly.assemble import assemble
from planner.plan import Plan
from planner.read import from_frames
from tests.builders import Trade, amounts, paid, price
from tests.families.test_activation import without_integers
from tests.families.test_suppliers import used
from tests.model_hook import altered


def three(demand: float = 100.0, **head: Any) -> Trade:
    """Three sellers in three places, each of at most 90 t a year: 10, 11 and 15."""
    trade = Trade(**head)
    for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 11.0), ("c", "CCC", 15.0)):
        trade.site(site, place)
        trade.seller(site, each, capacity=90.0)
    trade.demand(demand)
    return trade


def bought(plan: Plan) -> dict[Any, float]:
    """Tonnes by seller."""
    return amounts(plan.flows, "origin", "quantity")


def row(plan: Plan, kind: str, subject: str = "") -> dict[str, Any]:
    """The one row of the report of a kind and subject."""
    found = plan.rules[(plan.rules["kind"] == kind) & (plan.rules["subject"] == subject)]
    assert len(found) == 1
    return dict(found.iloc[0])


@pytest.mark.parametrize(("base", "limit"), [("", 30.0), ("demand", 0.3), ("purchases", 0.3), ("consumption", 0.3)])
def test_an_award_is_all_or_nothing(base: str, limit: float) -> None:
    """A second seller is needed for 10 t; it gets 30: 70 × 10 + 30 × 11 = 1030 (without the rule 1010).

    A tonne less of the award would save 1. Who sells nothing need not sell 30 t.
    """
    trade = three()
    trade.rule("min_award", limit, base=base)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1030.0)
    assert bought(plan) == pytest.approx({"a": 70.0, "b": 30.0})
    assert used(plan) == {"AAA", "BBB"}
    assert price(plan, "suppliers.award", subject="BBB") == pytest.approx(-1.0)
    assert row(plan, "min_award", "BBB")["slack"] == pytest.approx(0.0)
    assert row(plan, "min_award", "CCC")["slack"] == 0.0
    assert row(plan, "min_award", "AAA")["actual"] == pytest.approx(0.7 if base else 70.0)


@pytest.mark.parametrize(("penalty", "cost", "short"), [(0.5, 1020.0, 20.0), (4.0, 1030.0, 0.0)])
def test_a_priced_award_may_be_missed(penalty: float, cost: float, short: float) -> None:
    """10 t of b cost 1010 and 20 t short; at 0.5 a tonne that is 1020, at 4 it is 1090, more than 1030."""
    trade = three()
    trade.rule("min_award", 30.0, penalty=penalty)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert row(plan, "min_award", "BBB")["excess"] == pytest.approx(short)
    assert paid(plan).get("penalty", 0.0) == pytest.approx(penalty * short)


def test_a_share_of_what_is_bought_follows_it() -> None:
    """Half of the demand stays unmet where that costs 10.5: a's 90 t are bought, and of b nothing at 11.

    With an award of 20 % of purchases b would need 18 t or more; all 100 t are met at 12: 80 × 10 + 20 × 11 = 1020.
    """
    for unmet, cost in ((10.5, 900.0 + 105.0), (12.0, 1020.0)):
        trade = Trade()
        for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 11.0)):
            trade.site(site, place)
            trade.seller(site, each, capacity=90.0)
        trade.unmet(unmet)
        trade.demand(100.0, priority="civil")
        trade.rule("min_award", 0.2, base="purchases")

        assert trade.plan().objective == pytest.approx(cost)


def test_three_suppliers_with_their_awards() -> None:
    """40 × 10 + 30 × 11 + 30 × 15 = 1180: a gram of c would not do."""
    trade = three()
    trade.rule("min_award", 30.0)
    trade.rule("min_suppliers", 3, rule="count")
    plan = trade.plan()

    assert plan.objective == pytest.approx(1180.0)
    assert bought(plan) == pytest.approx({"a": 40.0, "b": 30.0, "c": 30.0})
    assert row(plan, "min_suppliers")["actual"] == 3.0
    assert row(plan, "min_suppliers")["binding"] == "yes"
    assert price(plan, "suppliers.award", subject="CCC") == pytest.approx(-5.0)


@pytest.mark.parametrize(("penalty", "cost", "missing"), [(100.0, 1030.0 + 100.0, 1.0), (200.0, 1180.0, 0.0)])
def test_a_missing_supplier_has_its_price(penalty: float, cost: float, missing: float) -> None:
    """The third supplier costs 1180 − 1030 = 150 more."""
    trade = three()
    trade.rule("min_award", 30.0)
    trade.rule("min_suppliers", 3, rule="count", penalty=penalty)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert row(plan, "min_suppliers")["excess"] == pytest.approx(missing)
    assert price(plan, "suppliers.count") == pytest.approx(-penalty * missing)


def test_awards_of_offers_say_what_is_enough() -> None:
    """Offers of 25 t at least: 50 × 10 + 25 × 11 + 25 × 15 = 1150.

    Two markets of 50 t with two suppliers each of 25 t: what is enough holds market by market, 2 × (25 × 10 + 25 × 11).
    """
    trade = three()
    for offer in trade.tables["offers"]:
        offer["min_award"] = 25.0
    trade.rule("min_suppliers", 3)
    assert trade.plan().objective == pytest.approx(1150.0)

    trade.tables["demands"], trade.tables["rules"] = [], []
    for market in ("m", "n"):
        trade.demand(50.0, market)
        for site in "abc":
            trade.lane(site, market)
    trade.tables["lanes"] = [lane for lane in trade.tables["lanes"] if lane["destination"] != "market"]
    trade.rule("min_suppliers", 2, market_pool="each")
    plan = trade.plan()
    assert plan.objective == pytest.approx(2 * (250.0 + 275.0))
    assert bought(plan) == pytest.approx({"a": 50.0, "b": 50.0})


def test_who_supplies_less_than_its_offers_ask_is_not_counted() -> None:
    """Seller a asks 10, b 11, each 20 t or more; m wants 90 t, n 30: 100 × 10 + 20 × 11 = 1220, one supplier of n.

    Where n wants 5 t, nobody can bring it the 20 t that would be enough.
    """
    trade = Trade()
    for site, place, each, most in (("a", "AAA", 10.0, 100.0), ("b", "BBB", 11.0, 90.0)):
        trade.site(site, place)
        trade.offer(site, each, capacity=most, min_award=20.0)
        for market in ("m", "n"):
            trade.lane(site, market)
    trade.demand(90.0, "m")
    trade.demand(30.0, "n")
    trade.rule("min_suppliers", 1, market="n")
    plan = trade.plan()
    assert plan.objective == pytest.approx(1000.0 + 220.0)
    split = amounts(plan.flows, "origin", "destination", "quantity")
    counted = {pair[0].upper() * 3 for pair, quantity in split.items() if pair[1] == "n" and quantity > 20.0 - 1e-6}
    assert used(plan) == counted
    assert counted

    trade.tables["demands"][1]["quantity"] = 5.0
    outcome = planner.solve(from_frames(trade.header, trade.tables))
    assert outcome.status == "infeasible"


def test_what_was_under_way_owes_the_award() -> None:
    """5 t of c arrive, so it supplies: its award of 30 t asks for 25 more, 25 × 15 + 70 × 10 = 1075, and 5 t paid."""
    trade = three()
    trade.add("in_transit", origin="c", destination="market", material="ore", arrives="2001", quantity=5.0, paid="yes")
    trade.rule("min_award", 30.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(700.0 + 375.0)
    assert row(plan, "min_award", "CCC")["actual"] == pytest.approx(30.0)


def test_makers_take_an_award_where_they_make() -> None:
    """Two plants of 90 t make 100 t of metal at 15 and 16, the second 30 t if any: 70 × 15 + 30 × 16 = 1530.

    Two makers at least are already there; a third, the trader at 30, brings 40 × 15 + 30 × 16 + 30 × 30 = 1980.
    """
    for count, cost in ((2, 1530.0), (3, 1980.0)):
        trade = Trade()
        trade.offer("mine", 10.0)
        for number, toll in enumerate((5.0, 6.0)):
            trade.site(f"plant {number}", f"P{number}")
            trade.process(f"make {number}", f"plant {number}", {"ore": -1.0, "metal": 1.0}, cost=toll, capacity=90.0)
            trade.lane("mine", f"plant {number}", "ore")
            trade.lane(f"plant {number}", material="metal")
        trade.site("trader", "TTT")
        trade.seller("trader", 30.0, "metal", capacity=100.0)
        trade.demand(100.0, material="metal")
        trade.rule("min_award", 30.0, basis="made", material="metal")
        trade.rule("min_suppliers", count, basis="made", material="metal", rule="count")

        assert trade.plan().objective == pytest.approx(cost)


def test_an_award_that_is_left_over_is_made_all_the_same() -> None:
    """Both plants must make 30 t of metal, and 40 are wanted: 20 t too much are left over, at no cost but their making.

    30 × 15 + 30 × 16 = 930. So the switches let through more than the need of 40 t.
    """
    trade = Trade()
    trade.offer("mine", 10.0)
    for number, toll in enumerate((5.0, 6.0)):
        trade.site(f"plant {number}", f"P{number}")
        trade.process(f"make {number}", f"plant {number}", {"ore": -1.0, "metal": 1.0}, cost=toll, capacity=90.0)
        trade.lane("mine", f"plant {number}", "ore", fixed_cost=1.0)
        trade.lane(f"plant {number}", material="metal")
    trade.demand(40.0, material="metal")
    trade.rule("min_award", 30.0, basis="made", material="metal")
    trade.rule("min_suppliers", 2, basis="made", material="metal", rule="count")

    assert trade.plan().objective == pytest.approx(930.0 + 2.0)


def test_rules_of_one_scope_share_their_switches() -> None:
    """Award, most and least of the same three places: three switches; another window has its own."""
    trade = three(periods=2)
    trade.rule("min_award", 10.0)
    trade.rule("min_suppliers", 2, rule="least")
    trade.rule("max_suppliers", 2, rule="most")
    trade.rule("max_suppliers", 1, rule="whole", per="horizon", penalty=1.0)
    data = assemble(from_frames(trade.header, trade.tables)).suppliers

    assert len(data.switches) == 3 * 2 + 3
    assert len(data.links) == 9
    assert trade.plan().objective == pytest.approx(2 * 1010.0 + 1.0)


def test_one_supplier_a_market_is_exact_and_tight() -> None:
    """Two markets of 40 and 70 t, two sellers of 80 t at 10 and 12, one supplier each: 700 + 480, or 400 + 840 = 1240.

    The switch lets through what a market needs, so the relaxation already asks whole switches: Σ q / M ≤ 1, its bound
    is that of all that may be split, 80 × 10 + 30 × 12 = 1160.
    """
    trade = Trade()
    for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 12.0)):
        trade.site(site, place)
        trade.offer(site, each, capacity=80.0)
        for market in ("m", "n"):
            trade.lane(site, market)
    trade.demand(40.0, "m")
    trade.demand(70.0, "n")
    trade.rule("max_suppliers", 1, market_pool="each")
    network = assemble(from_frames(trade.header, trade.tables))
    with altered(without_integers, verified=False):
        relaxed = trade.plan()

    assert trade.plan().objective == pytest.approx(1180.0)
    assert sorted((network.suppliers.most.array * network.unit_mass).tolist()) == pytest.approx([40, 40, 70, 70])
    assert relaxed.bound == pytest.approx(1160.0)


@pytest.mark.parametrize(
    ("kind", "limit", "cells", "cost"),
    [
        ("min_share", 0.8, {}, 60.0 * 10.0 + 40.0 * 15.0),
        ("min_share", 0.8, {"penalty": 2.0}, 1010.0 + 40.0 * 2.0),
        ("max_share", 1.1, {}, 66.0 * 10.0 + 34.0 * 11.0),
        ("max_share", 1.1, {"penalty": 0.5}, 1010.0 + 24.0 * 0.5),
    ],
)
def test_incumbents_are_kept(kind: str, limit: float, cells: dict[str, Any], cost: float) -> None:
    """Before, a had 60 t and c 50. At least 80 % of it: c 40 t, a the rest. At most 110 %: a 66 t, b the rest."""
    trade = three()
    trade.add("awards_before", site="a", material="ore", market="market", quantity=60.0)
    trade.add("awards_before", site="c", material="ore", quantity=50.0)
    trade.rule(kind, limit, base="before", **cells)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert plan.rules["base"].tolist() == pytest.approx([60.0, 50.0])
    assert not plan.is_mip


def test_what_was_had_counts_by_the_year_and_inside_the_market() -> None:
    """Half a year of 50 t a year; awards of two sites of an owner add up; those of another market do not count."""
    trade = three(200.0, periods=2, length="quarter")
    for seat in trade.tables["sites"]:
        seat["owner"] = "one"
    trade.add("groups", group="allies", member="market")
    trade.add("groups", group="wide", member="market")
    trade.add("groups", group="wide", member="elsewhere")
    trade.demand(0.0, "elsewhere")
    for site, market, quantity in (("a", "market", 20.0), ("b", "allies", 30.0), ("c", "wide", 70.0)):
        trade.add("awards_before", site=site, material="ore", market=market, quantity=quantity)
    trade.rule("min_share", 1.0, base="before", subject_by="owner", per="year", market="allies")
    plan = trade.plan()

    assert plan.rules["base"].tolist() == pytest.approx([25.0])
    assert plan.rules["subject"].tolist() == ["one"]


def test_a_stage_may_have_the_name_of_a_material() -> None:
    """Stage metal holds tin and zinc, stage raw the one material metal: pools by stage keep their labels apart."""
    trade = Trade()
    trade.goods("metal", stage="raw")
    trade.goods("tin", stage="metal")
    trade.goods("zinc", stage="metal")
    for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 11.0)):
        trade.site(site, place)
        for material in ("metal", "tin", "zinc"):
            trade.seller(site, each, material)
    for material in ("metal", "tin", "zinc"):
        trade.demand(10.0, material=material)
    cells = {"stage_pool": "each", "pool": "together"}
    trade.rule("max_share", 0.5, base="demand", **cells)
    trade.rule("max_suppliers", 1, rule="count", penalty=1.0, **cells)
    plan = trade.plan()

    assert plan.objective == pytest.approx(15.0 * 10.0 + 15.0 * 11.0 + 2.0)
    assert set(plan.rules["material"]) == {"metal", "tin;zinc"}


def enumerated(cost: Any, demand: Any, capacity: Any, least: float, counts: tuple[int, int]) -> float:
    """Least cost over all sets of sellers (rows), so many at least and at most, each with its least in each market: one
    LP a choice of sellers by market.
    """
    sellers, markets = cost.shape
    sets = [
        chosen
        for size in range(counts[0], counts[1] + 1)
        for chosen in itertools.combinations(range(sellers), size)
        if size * least <= max(demand) + 1e-9
    ]
    best = np.inf
    for choice in itertools.product(sets, repeat=markets):
        low, high = np.zeros((sellers, markets)), np.zeros((sellers, markets))
        for market, chosen in enumerate(choice):
            low[list(chosen), market], high[list(chosen), market] = least, demand[market]
        if (low > high).any():
            continue
        meets = np.kron(np.ones(sellers), np.eye(markets))
        holds = np.kron(np.eye(sellers), np.ones(markets))
        bounds = list(zip(low.ravel(), high.ravel(), strict=True))
        found = linprog(cost.ravel(), holds, capacity, meets, demand, bounds)
        best = min(best, found.fun if found.success else np.inf)
    return float(best)


@pytest.mark.parametrize("seed", range(8))
def test_every_choice_of_suppliers_tried(seed: int) -> None:
    """Four sellers, two markets, 1 or 2 to 3 suppliers a market with 6 t each or nothing: equal to all LPs tried."""
    rng = np.random.default_rng(seed)
    cost, demand = rng.integers(10, 30, (4, 2)).astype(float), rng.integers(20, 40, 2).astype(float)
    capacity = rng.integers(15, 45, 4).astype(float)
    trade = Trade()
    for number in range(4):
        trade.site(f"s{number}", f"P{number}")
        trade.offer(f"s{number}", 0.0, capacity=capacity[number])
        for market in range(2):
            trade.lane(f"s{number}", f"m{market}", freight=cost[number, market])
    for market in range(2):
        trade.demand(demand[market], f"m{market}")
    least = 1 + seed % 2 + seed // 4
    most = max(least, 3 - seed // 6)
    trade.rule("min_award", 6.0, market_pool="each")
    trade.rule("min_suppliers", least, rule="least", market_pool="each")
    trade.rule("max_suppliers", most, rule="most", market_pool="each")

    wanted = enumerated(cost, demand, capacity, 6.0, (least, most))
    if np.isinf(wanted):
        assert planner.solve(from_frames(trade.header, trade.tables)).status == "infeasible"
    else:
        assert trade.plan().objective == pytest.approx(wanted, rel=1e-9)


def test_more_suppliers_are_never_cheaper() -> None:
    """One, two and three of three: 1010 of two anyway (10 t of b, its award), 1010, then 5 t of c too: +5 × 4."""
    costs = []
    for count in (1, 2, 3):
        trade = three()
        trade.rule("min_award", 5.0)
        trade.rule("min_suppliers", count, rule="count")
        costs.append(trade.plan().objective)

    assert costs == pytest.approx([1010.0, 1010.0, 1030.0])
