"""Tiers: prices by the quantity of a calendar year, incremental and for all units, in optima solved by hand."""

import itertools
import random

import pytest
from scipy.optimize import linprog

import planner
from planner.assembly.assemble import assemble
from planner.errors import InputError
from planner.plan import Plan
from tests.builders import Trade, amounts, price

Ladder = list[tuple[float, float]]
"""Threshold and price of each tier."""


def tiers(trade: Trade, site: str, ladder: Ladder, scheme: str = "incremental", material: str = "ore") -> None:
    """Tiers of an offer."""
    for start, each in ladder:
        trade.add("tiers", site=site, material=material, from_quantity=start, price=each, scheme=scheme)


def against(other: float, demand: float, listed: float, ladder: Ladder, scheme: str = "incremental") -> Trade:
    """A seller with tiers against another at one price, for one demand."""
    trade = Trade()
    trade.seller("a", listed, capacity=1000.0)
    trade.seller("b", other, capacity=1000.0)
    tiers(trade, "a", ladder, scheme)
    trade.demand(demand)
    return trade


def bought(plan: Plan) -> dict[str, float]:
    """Tonnes by seller."""
    return amounts(plan.sales, "site", "quantity")


def by_tier(plan: Plan) -> dict[float, float]:
    """Tonnes by threshold."""
    return amounts(plan.tiers, "from_quantity", "quantity")


def switches(trade: Trade) -> int:
    """How many yes-or-no columns the tiers have."""
    return len(assemble(planner.from_frames(trade.header, trade.tables)).tiers.switches)


def test_rising_prices_are_a_linear_program_and_fill_from_below() -> None:
    """50 t at 10, 30 t at 12, and where the next would be 15, 20 t of b at 13: 500 + 360 + 260 = 1120.

    A tonne more below 50 would save 13 − 10, one more below 80 13 − 12. No yes or no is needed.
    """
    trade = against(13.0, 100.0, 10.0, [(50.0, 12.0), (80.0, 15.0)])
    plan = trade.plan()

    assert plan.objective == pytest.approx(1120.0)
    assert by_tier(plan) == pytest.approx({0.0: 50.0, 50.0: 30.0})
    assert bought(plan) == pytest.approx({"a": 80.0, "b": 20.0})
    assert not plan.is_mip
    assert switches(trade) == 0
    assert price(plan, "tiers.band", **{"from": "0"}) == pytest.approx(-3.0)
    assert price(plan, "tiers.band", **{"from": "50"}) == pytest.approx(-1.0)
    assert price(plan, "tiers.split", site="a") == pytest.approx(13.0)
    (row,) = plan.sales[plan.sales["site"] == "a"].to_dict("records")
    assert (row["cost"], row["price"]) == pytest.approx((860.0, 860.0 / 80.0))


@pytest.mark.parametrize(("demand", "cost", "seller"), [(60.0, 510.0, "b"), (100.0, 840.0, "a")])
def test_falling_prices_are_worth_while_from_some_quantity_on(demand: float, cost: float, seller: str) -> None:
    """a: 50 t at 10, 30 t at 8, the rest at 5; b: 8.5 throughout.

    60 t of a cost 500 + 80 = 580, of b 510. 100 t of a cost 500 + 240 + 100 = 840, of b 850. The cost of a is concave:
    the optimum is all of one. The relaxation, which may take the 5 before the 10, would not see that.
    """
    trade = against(8.5, demand, 10.0, [(50.0, 8.0), (80.0, 5.0)])
    plan = trade.plan()

    assert plan.objective == pytest.approx(cost)
    assert bought(plan) == pytest.approx({seller: demand})
    assert plan.is_mip
    assert switches(trade) == 2
    reached = plan.activations[["kind", "site", "material", "from", "period"]].to_dict("records")
    told = {"kind": "tier", "site": "a", "material": "ore", "period": "2001"}
    assert reached == ([told | {"from": "50"}, told | {"from": "80"}] if seller == "a" else [])


def test_the_next_fall_waits_for_the_tier_before_it() -> None:
    """a: 50 t at 10, 30 t at 8, the rest, at most 20 t, at 1. Of 90 t a asks 500 + 240 + 10 = 750, b 8.4 × 90 = 756.

    The prices bind: a tonne more of demand costs 1. Were 50 t full for one less tonne, it would save 10 − 8; were
    30 t, 8 − 1.
    """
    trade = Trade()
    trade.seller("a", 10.0, capacity=100.0)
    trade.seller("b", 8.4)
    tiers(trade, "a", [(50.0, 8.0), (80.0, 1.0)])
    trade.demand(90.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(750.0)
    assert by_tier(plan) == pytest.approx({0.0: 50.0, 50.0: 30.0, 80.0: 10.0})


def test_only_a_fall_of_the_price_needs_a_switch() -> None:
    """20 t at 10, 20 t at 12, the rest at 6: of 60 t 200 + 240 + 120 = 560, all of b at 9.5 is 570.

    One fall, one switch. Of 50 t a would be 500, b 475.
    """
    trade = against(9.5, 60.0, 10.0, [(20.0, 12.0), (40.0, 6.0)])
    plan = trade.plan()

    assert plan.objective == pytest.approx(560.0)
    assert by_tier(plan) == pytest.approx({0.0: 20.0, 20.0: 20.0, 40.0: 20.0})
    assert switches(trade) == 1
    assert against(9.5, 50.0, 10.0, [(20.0, 12.0), (40.0, 6.0)]).plan().objective == pytest.approx(475.0)


def test_after_a_fall_the_price_may_rise_again() -> None:
    """10 t at 10, 20 t at 4, the rest at 9 against b at 8: 10 × 10 + 20 × 4 + 10 × 8 = 260 of 40 t (b alone: 320)."""
    plan = against(8.0, 40.0, 10.0, [(10.0, 4.0), (30.0, 9.0)]).plan()

    assert plan.objective == pytest.approx(260.0)
    assert bought(plan) == pytest.approx({"a": 30.0, "b": 10.0})
    assert price(plan, "tiers.band", **{"from": "10"}) == pytest.approx(-4.0)


def test_all_units_buy_beyond_need_to_reach_the_lower_price() -> None:
    """90 t at 10 are 900; 100 t all at 8 are 800, and 10 t of metal leave as surplus. Nothing else bounds the offer."""
    trade = Trade()
    trade.offer("mine", 10.0)
    trade.lane("mine", "plant")
    tiers(trade, "mine", [(100.0, 8.0)], "all_units")
    trade.process("smelt", "plant", {"ore": -1.0, "metal": 1.0})
    trade.lane("plant", material="metal")
    trade.demand(90.0, material="metal")
    plan = trade.plan()

    assert plan.objective == pytest.approx(800.0)
    assert by_tier(plan) == pytest.approx({100.0: 100.0})
    assert plan.surplus["quantity"].sum() == pytest.approx(10.0)
    assert price(plan, "tiers.full", **{"from": "100"}) == pytest.approx(-8.0)


def test_a_fixed_charge_behind_it_lets_through_what_is_bought_beyond_need() -> None:
    """Ten times as much and a charge of 5 on the process: 8005, not 9005, which a switch for 900 t would leave."""
    trade = Trade()
    trade.offer("mine", 10.0)
    trade.lane("mine", "plant")
    tiers(trade, "mine", [(1000.0, 8.0)], "all_units")
    trade.process("smelt", "plant", {"ore": -1.0, "metal": 1.0}, fixed_cost=5.0)
    trade.lane("plant", material="metal")
    trade.demand(900.0, material="metal")

    assert trade.plan().objective == pytest.approx(8005.0)


def test_a_threshold_itself_is_paid_at_either_price() -> None:
    """All units at 14 from 50 t on: exactly 50 t are still at 10, 10 t of b at 13: 630 (a alone 840, b alone 780)."""
    plan = against(13.0, 60.0, 10.0, [(50.0, 14.0)], "all_units").plan()

    assert plan.objective == pytest.approx(630.0)
    assert by_tier(plan) == pytest.approx({0.0: 50.0})
    assert plan.activations.empty
    assert price(plan, "tiers.band", **{"from": "0"}) == pytest.approx(-3.0)


def test_all_units_take_one_tier_and_no_two() -> None:
    """10, from 30 t 9, from 60 t 8, up to 80 t; b at 8.5. Of 100 t 80 at 8 and 20 at 8.5: 640 + 170 = 810."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=80.0)
    trade.seller("b", 8.5)
    tiers(trade, "a", [(30.0, 9.0), (60.0, 8.0)], "all_units")
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(810.0)
    assert by_tier(plan) == pytest.approx({60.0: 80.0})
    assert list(plan.activations["from"]) == ["60"]


def test_below_the_threshold_the_offer_s_price_holds_for_all() -> None:
    """20 t of all units that are 1 from 50 t on: 200, not 20: there is nowhere to put 30 t more."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=1000.0)
    tiers(trade, "a", [(50.0, 1.0)], "all_units")
    trade.demand(20.0)

    assert trade.plan().objective == pytest.approx(200.0)


def test_a_first_tier_from_nothing_replaces_the_offer_s_price() -> None:
    """Listed at 99, but 10 from the first tonne and 12 from 50 on: 500 + 120."""
    trade = Trade()
    trade.seller("a", 99.0)
    tiers(trade, "a", [(0.0, 10.0), (50.0, 12.0)])
    trade.demand(60.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(620.0)
    assert not plan.is_mip


def test_quarters_of_a_year_share_its_tiers_and_years_do_not() -> None:
    """25 t a quarter, eight quarters: in each year 60 t of a at 10, where more would be 15, and 40 t of b at 12: 1080.

    By quarter a would sell all at 10 (2000), over the horizon 60 t in all (2280).
    """
    trade = Trade(8, "quarter")
    trade.seller("a", 10.0)
    trade.seller("b", 12.0)
    tiers(trade, "a", [(60.0, 15.0)])
    trade.demand(100.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(2160.0)
    years = plan.tiers.assign(year=plan.tiers["period"].str[:4])
    assert amounts(years, "year", "quantity") == pytest.approx({"2001": 60.0, "2002": 60.0})


def test_falling_prices_fall_due_where_the_tonnes_are_bought() -> None:
    """100 t in each of two quarters, 10 and from 100 t on 8, a quarter's discount 1 / 1.1.

    Which of the year's tonnes are the first 100 is the plan's to say: those of the second quarter, which are paid for
    later: 100 × 8 + 100 × 10 / 1.1 = 1709.09.
    """
    trade = Trade(2, "quarter", discount_rate=1.1**4 - 1)
    trade.seller("a", 10.0, capacity=1000.0)
    tiers(trade, "a", [(100.0, 8.0)])
    trade.demand(400.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(800.0 + 1000.0 / 1.1)
    assert amounts(plan.costs, "period", "amount") == pytest.approx({"2001Q1": 800.0, "2001Q2": 1000.0})


def test_windows_of_an_offer_share_the_tiers_of_the_year() -> None:
    """50 t at 10 in the first quarter, 50 t at 11 in the second, all beyond 60 t at 8.

    The 40 t at 8 are best taken from those at 11: 500 + 110 + 320 = 930.
    """
    trade = Trade(2, "quarter")
    trade.offer("a", 10.0, until="2001Q1", capacity=1000.0)
    trade.offer("a", 11.0, **{"from": "2001Q2"}, capacity=1000.0)
    trade.lane("a")
    tiers(trade, "a", [(60.0, 8.0)])
    trade.demand(200.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(930.0)
    assert amounts(plan.sales, "from", "cost") == pytest.approx({"": 500.0, "2001Q2": 430.0})


def test_a_tier_that_no_capacity_reaches_is_none() -> None:
    """80 t a year at most, all units at 1 from 100 t on: 60 t at 10, and nothing to decide."""
    trade = Trade()
    trade.seller("a", 10.0, capacity=80.0)
    tiers(trade, "a", [(100.0, 1.0)], "all_units")
    trade.demand(60.0)
    plan = trade.plan()

    assert plan.objective == pytest.approx(600.0)
    assert not plan.is_mip


def test_a_falling_price_that_nothing_bounds_is_refused() -> None:
    """Where surplus earns a credit, more is always worth while: the offer needs a capacity."""
    trade = Trade()
    trade.seller("a", 10.0)
    trade.goods("slag", disposal_cost=-1.0)
    tiers(trade, "a", [(100.0, 8.0)])
    trade.demand(60.0)

    with pytest.raises(InputError, match="ore of a has tiers that are reached or not"):
        trade.plan()


def _best(ladders: list[tuple[bool, Ladder]], most: list[float], demand: float) -> float:
    """Least cost over every choice of one tier a seller, each an LP: what is bought lies in the tier."""
    best = float("inf")
    for choice in itertools.product(*(range(len(ladder)) for _, ladder in ladders)):
        constant, costs, bounds = 0.0, [], []
        for (all_units, ladder), top, tier in zip(ladders, most, choice, strict=True):
            start, each = ladder[tier]
            end = ladder[tier + 1][0] if tier + 1 < len(ladder) else top
            if not all_units:
                below = itertools.pairwise(ladder[: tier + 1])
                constant += sum((high - low) * paid for (low, paid), (high, _) in below) - start * each
            costs.append(each)
            bounds.append((start, min(end, top)))
        if all(low <= high for low, high in bounds):
            found = linprog(costs, A_eq=[[1.0] * len(costs)], b_eq=[demand], bounds=bounds)
            best = min(best, found.fun + constant) if found.status == 0 else best
    return best


@pytest.mark.parametrize("seed", range(12))
def test_every_choice_of_tiers_tried(seed: int) -> None:
    """Four sellers with two to four tiers each, prices up or down: the least of all choices, tier by tier."""
    rng, trade = random.Random(seed), Trade()
    ladders, most = [], []
    for site in "abcd":
        starts = [0.0, *sorted(rng.sample(range(10, 90), rng.choice([1, 2, 3])))]
        ladder = [(float(start), round(rng.uniform(5.0, 15.0), 1)) for start in starts]
        all_units = rng.random() < 0.5
        most.append(float(rng.randrange(40, 120)))
        ladders.append((all_units, ladder))
        trade.seller(site, ladder[0][1], capacity=most[-1])
        tiers(trade, site, ladder[1:], "all_units" if all_units else "incremental")
    demand = 0.6 * sum(most)
    trade.demand(demand)

    assert trade.plan().objective == pytest.approx(_best(ladders, most, demand))


def test_a_surcharge_on_all_units_is_not_dodged_by_a_tier_held_twice() -> None:
    """List 10, from 50 t all at 8, from 100 t all at 9, another seller at 20: 120 t cost 120 × 9 = 1080.

    The middle tier ends at 100 t: 100 × 8 and 20 of the other, 1200, are dearer.
    """
    plan = against(20.0, 120.0, 10.0, [(50.0, 8.0), (100.0, 9.0)], "all_units").plan()

    assert plan.objective == pytest.approx(1080.0)
    assert by_tier(plan) == pytest.approx({100.0: 120.0})
