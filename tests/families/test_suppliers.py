"""Suppliers: at most so many places, owners or sites supply a market, in optima solved by hand."""

import itertools
import random
from typing import Any

import pytest

import planner
from planner.assembly.assemble import assemble
from planner.plan import Plan
from planner.read import from_frames
from tests.builders import Trade, amounts, paid, price
from tests.families.test_activation import without_integers
from tests.model_hook import altered


def three(demand: float = 100.0, priority: str = "", **head: Any) -> Trade:
    """Three sellers in three places, each of at most 60 t a year: 10, 11 and 15."""
    trade = Trade(**head)
    for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 11.0), ("c", "CCC", 15.0)):
        trade.site(site, place, owner="one" if place < "CCC" else "two")
        trade.seller(site, each, capacity=60.0)
    trade.demand(demand, priority=priority)
    return trade


def used(plan: Plan) -> set[str]:
    """Who supplies, by the activations."""
    return set(plan.activations.loc[plan.activations["kind"] == "supplier", "subject"])


def report(plan: Plan) -> list[tuple[str, float, float, float, str]]:
    """Period, limit, actual, slack and whether it binds, of each row of the rule."""
    names = ["period", "limit", "actual", "slack", "binding"]
    return list(plan.rules[names].itertuples(index=False, name=None))


def test_two_suppliers_of_three() -> None:
    """Of 110 t 60 at 10 and 50 at 11: 600 + 550 = 1150.

    A third that sells 20 t at 1 would save 20 × 10, but with it one of the others is out: 30 t are unmet at 60.
    """
    trade = three(110.0, priority="civil")
    trade.unmet(60.0)
    trade.site("d", "DDD")
    trade.seller("d", 1.0, capacity=20.0)
    trade.rule("max_suppliers", 2)
    plan = trade.plan()

    assert plan.objective == pytest.approx(1150.0)
    assert used(plan) == {"AAA", "BBB"}
    assert report(plan) == [("2001", 2.0, 2.0, 0.0, "yes")]
    assert plan.is_mip
    assert price(plan, "suppliers.link", subject="DDD") < 0.0


def test_one_supplier_must_be_the_one_that_can_supply_all() -> None:
    """50 t: a asks 500. With 20 t of capacity left it can no longer do it alone: 50 t of b, 550."""
    trade = Trade()
    trade.site("a", "AAA")
    trade.seller("a", 10.0, capacity=20.0)
    trade.site("b", "BBB")
    trade.seller("b", 11.0, capacity=60.0)
    trade.demand(50.0)
    trade.rule("max_suppliers", 1)
    plan = trade.plan()

    assert plan.objective == pytest.approx(550.0)
    assert used(plan) == {"BBB"}
    assert price(plan, "suppliers.link", subject="AAA") < 0.0


@pytest.mark.parametrize(("penalty", "cost", "excess"), [(40.0, 1040.0 + 40.0, 1.0), (500.0, 1100.0 + 0.0, 0.0)])
def test_a_priced_limit_is_broken_where_that_is_cheaper(penalty: float, cost: float, excess: float) -> None:
    """100 t, one supplier; b can supply all at 11 (1100), a only 60 t at 10: both 600 + 440 = 1040, and the penalty."""
    trade = Trade()
    for site, place, each, capacity in (("a", "AAA", 10.0, 60.0), ("b", "BBB", 11.0, 100.0)):
        trade.site(site, place)
        trade.seller(site, each, capacity=capacity)
    trade.demand(100.0)
    trade.rule("max_suppliers", 1, penalty=penalty)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert plan.rules["excess"].tolist() == pytest.approx([excess])
    assert paid(plan).get("penalty", 0.0) == pytest.approx(penalty * excess)
    assert price(plan, "suppliers.count") == pytest.approx(-penalty * excess)
    assert report(plan) == [("2001", 1.0, 1.0 + excess, -excess, "yes")]


def test_a_penalty_is_due_in_the_first_period_of_its_group() -> None:
    """Both years need both suppliers (60 t each of 100): 40 in each, the second discounted by 1.25."""
    trade = three(periods=2, discount_rate=0.25)
    trade.rule("max_suppliers", 1, penalty=40.0)
    plan = trade.plan()

    assert plan.rules["excess"].tolist() == pytest.approx([1.0, 1.0])
    assert paid(plan)["penalty"] == pytest.approx(40.0 + 40.0 / 1.25)


@pytest.mark.parametrize(("per", "cost"), [("period", 2 * 500.0), ("year", 2 * 500.0), ("horizon", 500.0 + 600.0)])
def test_the_limit_holds_by_period_year_or_horizon(per: str, cost: float) -> None:
    """50 t a year: a sells at 10 in the first only, b at 10 in the second only, c at 10 and then at 12.

    By period or year a or c, then b: 500 + 500. Over the horizon one supplier must sell in both years: c, 500 + 600.
    """
    trade = Trade(2)
    for site, place in (("a", "AAA"), ("b", "BBB"), ("c", "CCC")):
        trade.site(site, place)
        trade.lane(site)
    trade.offer("a", 10.0, until="2001", capacity=50.0)
    trade.offer("b", 10.0, **{"from": "2002"}, capacity=50.0)
    trade.offer("c", 10.0, until="2001", capacity=50.0)
    trade.offer("c", 12.0, **{"from": "2002"}, capacity=50.0)
    trade.demand(50.0)
    trade.rule("max_suppliers", 1, per=per)
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert len(plan.rules) == (1 if per == "horizon" else 2)


@pytest.mark.parametrize(
    ("cells", "cost"),
    [
        ({"subject_by": "place"}, 600.0 + 440.0),
        ({"subject_by": "owner"}, 600.0 + 440.0),
        ({"subject_by": "owner", "limit": 1}, 600.0 + 440.0),
        ({"subject_by": "site", "limit": 1, "except": "b"}, 600.0 + 440.0),
        ({"subject_by": "group", "subject": "far;near", "limit": 1}, 600.0 + 600.0),
    ],
)
def test_subjects_are_places_owners_sites_or_groups(cells: dict[str, Any], cost: float) -> None:
    """100 t of which a sells 60 at 10, b 60 at 11, c 60 at 15.

    Two places or two owners let a and b in, 600 + 440, and so does one owner, for a and b have the same. Exempt, b does
    not count. Group far holds a and c, near b: the one that sells 100 t is far, 600 + 600.
    """
    trade = three()
    trade.add("groups", group="far", member="a")
    trade.add("groups", group="far", member="c")
    trade.add("groups", group="near", member="b")
    trade.rule("max_suppliers", **{"limit": 2, **cells})

    assert trade.plan().objective == pytest.approx(cost)


def test_no_switch_where_the_limit_cannot_bind() -> None:
    """Three suppliers of three: reported, and nothing to decide."""
    trade = three()
    trade.rule("max_suppliers", 3)
    plan = trade.plan()

    assert not plan.is_mip
    assert used(plan) == {"AAA", "BBB"}
    assert report(plan) == [("2001", 3.0, 2.0, 1.0, "no")]
    assert plan.rules["quantity"].tolist() == pytest.approx([100.0])


def test_what_was_under_way_makes_a_supplier() -> None:
    """5 t of c arrive: it is the one supplier there may be, 50 t at 15. Its tonnes are paid."""
    trade = three(55.0)
    trade.add("in_transit", origin="c", destination="market", material="ore", arrives="2001", quantity=5.0)
    trade.rule("max_suppliers", 1)
    plan = trade.plan()

    assert plan.objective == pytest.approx(750.0)
    assert used(plan) == {"CCC"}


def test_makers_are_counted_where_they_make() -> None:
    """Two plants of 60 t each make 100 t of metal at 15 and 16; with one maker only the trader can, at 30."""
    trade = Trade()
    trade.offer("mine", 10.0)
    for number, toll in enumerate((5.0, 6.0)):
        trade.site(f"plant {number}", f"P{number}")
        trade.process(f"make {number}", f"plant {number}", {"ore": -1.0, "metal": 1.0}, cost=toll, capacity=60.0)
        trade.lane("mine", f"plant {number}", "ore")
        trade.lane(f"plant {number}", material="metal")
    trade.site("trader", "TTT")
    trade.seller("trader", 30.0, "metal")
    trade.demand(100.0, material="metal")
    trade.rule("max_suppliers", 1, basis="made", material="metal")
    plan = trade.plan()

    assert plan.objective == pytest.approx(3000.0)
    assert used(plan) == {"TTT"}
    assert price(plan, "suppliers.link", subject="P0") < 0.0


def test_half_a_switch_lets_through_half_of_what_a_plant_can_make() -> None:
    """Two plants of 60 t at 10 and 15, one of them at most, 100 t wanted, 50 a tonne unmet: 60 × 10 + 40 × 50 = 2600.

    The switches are as tight as the capacities, so the relaxation too makes 60 t, all of it in the cheaper plant.
    """
    trade = Trade()
    trade.unmet(50.0)
    for place, toll in (("AAA", 10.0), ("BBB", 15.0)):
        plant = f"plant of {place}"
        trade.site(plant, place)
        trade.offer(plant, 0.0)
        trade.process(f"smelt in {place}", plant, {"ore": -1.0, "metal": 1.0}, cost=toll, capacity=60.0)
        trade.lane(plant, material="metal")
    trade.demand(100.0, material="metal", priority="civil")
    trade.rule("max_suppliers", 1, basis="made", material="metal")
    with altered(without_integers, verified=False):
        relaxed = trade.plan()

    assert trade.plan().objective == pytest.approx(2600.0)
    assert relaxed.bound == pytest.approx(2600.0)


@pytest.mark.parametrize(
    ("pool", "cost"), [("each", 20.0 * 10.0 + 20.0 * 10.0), ("together", 20.0 * 10.0 + 20.0 * 13.0)]
)
def test_materials_are_counted_each_or_together(pool: str, cost: float) -> None:
    """Of a ore costs 10 and tin 13, of b tin 10, 20 t of each: one supplier for each material, or one for both."""
    trade = Trade()
    for site, place in (("a", "AAA"), ("b", "BBB")):
        trade.site(site, place)
    trade.seller("a", 10.0)
    trade.seller("a", 13.0, "tin")
    trade.seller("b", 10.0, "tin")
    trade.demand(20.0)
    trade.demand(20.0, material="tin")
    trade.rule("max_suppliers", 1, pool=pool)

    assert trade.plan().objective == pytest.approx(cost)


@pytest.mark.parametrize(("pool", "cost"), [("each", 2 * 400.0 + 0.0), ("together", 400.0 + 440.0)])
def test_markets_are_counted_each_or_together(pool: str, cost: float) -> None:
    """One market takes 40 t of a at 10, the other 40 t of b; each sells to the other's at 11."""
    trade = Trade()
    for site, place, market, other in (("a", "AAA", "m", "n"), ("b", "BBB", "n", "m")):
        trade.site(site, place)
        trade.offer(site, 10.0)
        trade.lane(site, market)
        trade.lane(site, other, freight=1.0)
    trade.demand(40.0, "m")
    trade.demand(40.0, "n")
    trade.rule("max_suppliers", 1, market_pool=pool)

    assert trade.plan().objective == pytest.approx(cost)


def test_a_window_opens_the_rule_later() -> None:
    """100 t with both suppliers in 2001; from 2002 on one of 60 t is too few: 40 t stay unmet at 30."""
    trade = Trade(2)
    for site, place, each in (("a", "AAA", 10.0), ("b", "BBB", 11.0)):
        trade.site(site, place)
        trade.seller(site, each, capacity=60.0)
    trade.unmet(30.0)
    trade.demand(100.0, priority="civil")
    trade.rule("max_suppliers", 1, **{"from": "2002"})
    plan = trade.plan()

    assert plan.objective == pytest.approx(1040.0 + 600.0 + 1200.0)
    assert report(plan) == [("2002", 1.0, 1.0, 0.0, "yes")]


def test_a_rule_that_leaves_no_plan_is_named() -> None:
    """100 t that must be met, one supplier of 60 t: rule and demand are the conflict."""
    trade = three()
    trade.rule("max_suppliers", 1, rule="single source")
    outcome = planner.solve(from_frames(trade.header, trade.tables))

    assert outcome.status == "infeasible"
    assert any(told.startswith("rule single source: At most 1 countries supply") for told in outcome.conflict)


def test_what_a_switch_lets_through_is_what_can_be_needed() -> None:
    """Capacity 60, need 45 t: 45, not a number without a reason."""
    trade = three(45.0)
    trade.rule("max_suppliers", 2)
    network = assemble(from_frames(trade.header, trade.tables))

    assert (network.suppliers.most.array * network.unit_mass).tolist() == pytest.approx([45.0, 45.0, 45.0])


def _mixed(seed: int) -> Trade:
    """Five sites in four places, two materials, two markets and two years, at random."""
    rng, trade = random.Random(seed), Trade(2)
    for number in range(5):
        site = f"s{number}"
        trade.site(site, f"P{min(number, 3)}")
        for material in ("ore", "tin"):
            if rng.random() < 0.8:
                trade.offer(site, float(rng.randrange(10, 30)), material, capacity=float(rng.randrange(30, 90)))
                for market in ("m", "n"):
                    trade.lane(site, market, material, freight=float(rng.randrange(0, 6)))
    trade.unmet(60.0)
    for market in ("m", "n"):
        for material in ("ore", "tin"):
            trade.demand(float(rng.randrange(20, 50)), market, material, priority="civil")
    return trade


@pytest.mark.parametrize("seed", range(6))
def test_every_set_of_suppliers_tried(seed: int) -> None:
    """Two places at most supply both materials to both markets over the horizon: the least of the LPs of all pairs."""
    trade = _mixed(seed)
    place_of = {row["site"]: row["place"] for row in trade.tables["sites"]}
    costs = []
    for pair in itertools.combinations([f"P{number}" for number in range(4)], 2):
        lanes = [row for row in trade.tables["lanes"] if place_of[row["origin"]] in pair]
        outcome = planner.solve(from_frames(trade.header, {**trade.tables, "lanes": lanes}))
        assert not outcome.plan.is_mip
        costs.append(outcome.plan.objective)
    trade.rule("max_suppliers", 2, per="horizon", pool="together", market_pool="together")

    assert trade.plan().objective == pytest.approx(min(costs))
    assert min(costs) < max(costs)
    assert len(amounts(trade.plan().flows, "origin", "quantity")) > 1
