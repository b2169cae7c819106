"""Acting together: hand-solved games, coalitions by brute force, shares that sum and that nobody can better."""

from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest

import planner
from planner.analysis.acting import Participants, acting
from planner.analysis.coalition import Together, together
from planner.analysis.game import leavers, nucleolus, sampled_shapley, sets, shapley
from planner.analysis.savings import savings
from planner.cli import main

HEAD = {"name": "three", "first_period": "2027", "periods": 1, "home": "allies"}


def three(**more: list[dict[str, object]]) -> planner.Instance:
    """A, B and C need 10 t each; A mines 30 t at 10, B 10 t at 20, C nothing; the world sells at 50."""
    sites = ["A mine", "A plant", "B mine", "B plant", "C plant", "world"]
    places = ["A", "B", "C", "W"]
    tables: dict[str, list[dict[str, object]]] = {
        "materials": [{"material": "ore", "stage": "ore"}],
        "places": [{"place": place} for place in places],
        "groups": [{"group": "allies", "member": place} for place in "ABC"],
        "sites": [{"site": site, "place": site[0].upper()} for site in sites],
        "offers": [
            {"site": "A mine", "material": "ore", "price": 10, "capacity": 30},
            {"site": "B mine", "material": "ore", "price": 20, "capacity": 10},
            {"site": "world", "material": "ore", "price": 50},
        ],
        "lanes": [
            {"origin": mine, "destination": plant, "material": "ore"}
            for mine in ("A mine", "B mine", "world")
            for plant in ("A plant", "B plant", "C plant")
        ],
        "demands": [{"site": f"{place} plant", "material": "ore", "quantity": 10} for place in "ABC"],
    }
    return planner.from_frames(HEAD, tables | more)


def by_members(found: Together, column: str) -> dict[str, float]:
    """A column of the coalitions."""
    return dict(zip(found.coalitions["members"], found.coalitions[column], strict=True))


def test_three_together_by_hand() -> None:
    """Alone: A 100, B 200, C 500 from the world. A and B 200 of A's 30 t; A and C 200; B and C 200 + 500; all 300.

    Marginal costs over the six orders: A 100, 100, 0, −400, −200, −400 …: Shapley (−100, 50, 350) by hand below.
    """
    found = together(three())
    assert by_members(found, "cost") == pytest.approx(
        {"A": 100, "B": 200, "C": 500, "A;B": 200, "A;C": 200, "B;C": 700, "A;B;C": 300}
    )
    assert found.saving == pytest.approx(500.0)
    costs = {frozenset(m.split(";")): c for m, c in by_members(found, "cost").items()} | {frozenset(): 0.0}
    orders = [*permutations("ABC")]
    for at, name in enumerate("ABC"):
        margins = [costs[frozenset(o[: o.index(name) + 1])] - costs[frozenset(o[: o.index(name)])] for o in orders]
        assert found.shares["shapley"][at] == pytest.approx(sum(margins) / 6)
    assert found.shares[["shapley", "nucleolus"]].sum().tolist() == pytest.approx([300.0, 300.0])
    assert found.stable is not None and found.stable.excess <= 0
    assert "nucleolus" not in set(found.leavers["way"])
    assert "save 500 USD together" in found.sentence


def test_open_sites_sell_what_they_do_not_need() -> None:
    """B alone may buy A's spare 20 t at 10: 100 instead of 200, and so may C; A finds nothing cheaper."""
    found = together(three(), mode="open")
    assert by_members(found, "cost") == pytest.approx(
        {"A": 100, "B": 100, "C": 100, "A;B": 200, "A;C": 200, "B;C": 200, "A;B;C": 300}
    )
    assert found.saving == pytest.approx(0.0)


def test_who_does_not_take_part_sells_and_wants_nothing() -> None:
    """A and B alone take part; C's 10 t stand in no plan, nor in a rule's market: A 100, B 200, both 200."""
    rule = {"rule": "half", "kind": "max_share", "limit": 1, "subject_by": "place", "market": "allies"}
    rule |= {"basis": "purchases", "base": "consumption", "per": "year", "market_pool": "together"}
    found = together(three(rules=[rule]), ["A", "B"])
    assert by_members(found, "cost") == pytest.approx({"A": 100, "B": 200, "A;B": 200})
    assert Participants.of(three(), ["A", "B"]).names == ("A", "B")
    assert set(acting(Participants.of(three(), ["A", "B"]), ["A", "B"])["demands"]["site"]) == {"A plant", "B plant"}


def test_what_outsiders_had_before_binds_no_coalition() -> None:
    """Who had a tonne keeps half: B alone owes A nothing; together they buy 5 t of B's, dearer as it is."""
    rule = {
        "rule": "keep",
        "kind": "min_share",
        "limit": 0.5,
        "subject_by": "site",
        "market": "A plant;B plant;C plant",
    }
    rule |= {"basis": "purchases", "base": "before", "per": "year", "market_pool": "together"}
    had: list[dict[str, object]] = [{"site": site, "material": "ore", "quantity": 10} for site in ("A mine", "B mine")]
    who = Participants.of(three(rules=[rule], awards_before=had), ["A", "B"])
    assert acting(who, ["B"])["awards_before"]["site"].tolist() == ["B mine"]
    plan = planner.solve(acting(who, ["A", "B"])).plan
    assert plan.sales.set_index("site")["quantity"].to_dict() == pytest.approx({"A mine": 15.0, "B mine": 5.0})


def test_outsiders_shared_by_all_can_make_acting_together_dearer() -> None:
    """The world has 10 t at 5: each alone counts on them. Alone A 5·10, B 50, C 50: 150; together 50 + 20·10 = 250."""
    offers = [
        {"site": "A mine", "material": "ore", "price": 10, "capacity": 30},
        {"site": "world", "material": "ore", "price": 5, "capacity": 10},
    ]
    found = together(three(offers=offers))
    assert found.saving == pytest.approx(-100.0)
    assert "lose 100 USD together" in found.sentence
    assert found.stable is not None and found.stable.excess > 0
    assert not found.leavers.empty


def test_who_has_no_plan_alone_is_named() -> None:
    """Without the world C has no supply alone: no cost, no Shapley value, no big number."""
    offers = [
        {"site": "A mine", "material": "ore", "price": 10, "capacity": 30},
        {"site": "B mine", "material": "ore", "price": 20, "capacity": 10},
    ]
    found = together(three(offers=offers))
    values = by_members(found, "cost")
    assert np.isnan(values["C"])
    assert values["A;B;C"] == pytest.approx(300.0)
    assert found.shares["shapley"].isna().all()
    assert "C would have no plan alone; together the 3 pay 300 USD" in found.sentence


def test_a_rule_holds_for_the_part_of_its_market_that_acts() -> None:
    """At most half of what the allies consume from any one place, home too: alone A buys 5 of its own and 5 at 50.

    A and B: 20 t, 10 of A's at 10, 10 of B's at 20: 300. All: 30 t, 15 of A's, 10 of B's, 5 of the world's: 600.
    """
    rule = {"rule": "half", "kind": "max_share", "limit": 0.5, "subject_by": "place", "market": "allies"}
    rule |= {"basis": "made", "base": "consumption", "per": "year", "market_pool": "together"}
    found = by_members(together(three(rules=[rule])), "cost")
    assert found["A"] == pytest.approx(5 * 10 + 5 * 50)
    assert found["A;B"] == pytest.approx(10 * 10 + 10 * 20)
    assert found["A;B;C"] == pytest.approx(15 * 10 + 10 * 20 + 5 * 50)


def test_home_is_the_coalition() -> None:
    """Third countries may supply half: with A outside but open, A is one, and so is the world; B and C need 20 t."""
    rule = {"rule": "third", "kind": "max_share", "limit": 0.5, "subject_by": "place", "except": "home"}
    rule |= {"market": "allies", "basis": "purchases", "base": "consumption", "per": "year", "market_pool": "together"}
    who = Participants.of(three(rules=[rule]))
    alone = planner.solve(acting(who, ["A"])).plan
    plan = planner.solve(acting(who, ["B", "C"], {"A": alone})).plan
    assert plan.sales.set_index("site")["quantity"].to_dict() == pytest.approx({"A mine": 10.0, "B mine": 10.0})


def test_shadow_prices_give_a_core_point_where_all_capacity_is_shared_out() -> None:
    """No world: all rents are the participants', so nobody pays less by themselves (Owen 1975).

    The dearest tonne is B's at 20: A pays 10 · 20 less a rent of 25 · 10, B and C 10 · 20 each.
    """
    offers = [
        {"site": "A mine", "material": "ore", "price": 10, "capacity": 25},
        {"site": "B mine", "material": "ore", "price": 20, "capacity": 10},
    ]
    found = together(three(offers=offers))
    assert found.priced[""] == pytest.approx(0.0)
    assert found.shares["prices"].tolist() == pytest.approx([-50.0, 200.0, 200.0])
    assert "prices" not in set(found.leavers["way"])


@pytest.mark.parametrize("seed", range(5))
def test_nucleolus_is_no_worse_than_any_other_sharing(seed: int) -> None:
    """Excesses sorted from the worst, beside those of a thousand other sharings: none is lexicographically better."""
    rng = np.random.default_rng(seed)
    cost = np.append(0.0, rng.uniform(1, 2, 15) * sets(4)[1:].sum(axis=1))
    found = nucleolus(cost)
    assert found is not None
    inside = sets(4)[1:-1].astype(float)

    def excesses(shares: np.ndarray) -> np.ndarray:
        return np.sort(inside @ shares - cost[1:-1])[::-1].round(7)

    assert found.shares.sum() == pytest.approx(cost[-1])
    assert excesses(found.shares)[0] == pytest.approx(found.excess, abs=1e-6)
    own = tuple(excesses(found.shares))
    for step in rng.normal(size=(1000, 4)) * rng.choice([1e-3, 1e-1, 1.0], (1000, 1)):
        assert own <= tuple(excesses(found.shares + step - step.mean()))


def test_glove_game() -> None:
    """One left and two right gloves, a pair is worth 1: all to the left one; Shapley 2/3, 1/6, 1/6 (Shapley 1953)."""
    worth = {frozenset("LR"): 1.0, frozenset("LS"): 1.0, frozenset("LRS"): 1.0}
    cost = np.zeros(8)
    for size in (1, 2, 3):
        for members in combinations("LRS", size):
            cost[sum(2 ** "LRS".index(name) for name in members)] = -worth.get(frozenset(members), 0.0)
    assert shapley(cost).tolist() == pytest.approx([-2 / 3, -1 / 6, -1 / 6])
    stable = nucleolus(cost)
    assert stable is not None and stable.shares.tolist() == pytest.approx([-1.0, 0.0, 0.0], abs=1e-9)
    assert leavers(sets(3), cost, shapley(cost))[0].tolist() != []


def test_a_sample_of_orders_is_near_the_value_and_says_how_near() -> None:
    """A game of ten: within five standard errors of the exact value, and exact where every order is drawn."""
    rng = np.random.default_rng(3)
    cost = np.append(0.0, rng.uniform(0, 1, 1023) + 3 * np.sqrt(sets(10)[1:].sum(axis=1)))
    exact, found = shapley(cost), sampled_shapley(cost.__getitem__, 10, 400, seed=1)
    assert (np.abs(found.shares - exact) <= 5 * found.error).all()
    assert found.error.max() < 0.05
    small = cost[:16]
    assert sampled_shapley(small.__getitem__, 4, 100, seed=1).shares == pytest.approx(shapley(small))


def test_more_than_can_be_solved_are_drawn_by_lot_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 3 players at most 2 are solved in full: 2 pairs of orders; shares sum to the joint cost, and what was drawn
    is told. The shares are the averages of marginal costs over these orders, whose standard error is told.
    """
    monkeypatch.setattr("planner.analysis.coalition.MOST", 2)
    found = together(three(), orders=2)
    assert found.sample is not None and found.sample.orders == 4
    costs = by_members(found, "cost")
    numbered = {sum(2 ** "ABC".index(name) for name in m.split(";")): cost for m, cost in costs.items()}
    again = sampled_shapley(numbered.__getitem__, 3, 2, seed=planner.Settings().seed)
    assert found.shares["shapley"].tolist() == pytest.approx(again.shares.tolist())
    assert found.shares["error"].tolist() == pytest.approx(again.error.tolist())
    assert found.shares["shapley"].sum() == pytest.approx(300.0)
    assert "4 orders drawn by lot, each beside its reverse" in repr(found)


def test_saving_by_scenario_by_hand() -> None:
    """Strike at A: A alone pays 500 at the world's 50, B 200, C 500; together B's 10 t at 20 and 20 t at 50: 1200.

    Without it 800 alone and 300 together. With the strike certain 0 is what is expected.
    """
    more: dict[str, list[dict[str, object]]] = {
        "scenarios": [{"scenario": "strike", "probability": 1.0, "start": "2027"}],
        "disruptions": [{"scenario": "strike", "line": 1, "site": "A mine"}],
    }
    found = savings(three(**more))
    assert found.scenarios["alone"].tolist() == pytest.approx([800.0, 1200.0])
    assert found.scenarios["together"].tolist() == pytest.approx([300.0, 1200.0])
    assert found.scenarios["saving"].tolist() == pytest.approx([500.0, 0.0])
    assert found.expected == pytest.approx(0.0)
    assert "saves 500 USD" in found.sentence
    with pytest.raises(planner.InputError, match="has no scenarios"):
        savings(three())


def test_unknown_and_overlapping_participants_are_told() -> None:
    """With what may be meant, and which site is claimed twice."""
    with pytest.raises(planner.InputError, match="'Aa' has no site"):
        Participants.of(three(), ["Aa", "B"])
    with pytest.raises(planner.InputError, match="'A mine' belongs to A and to A mine"):
        Participants.of(three(), ["A", "A mine"])
    with pytest.raises(planner.InputError, match="takes two"):
        Participants.of(three(), ["A"])
    with pytest.raises(planner.InputError, match="no home group"):
        Participants.of(three().with_header(home=""))


def test_command_tells_the_saving(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both modes, one document with ``--json``."""
    from planner.runs import write_input

    write_input(three(), tmp_path / "three")
    assert main(["coalition", str(tmp_path / "three"), "--workers", "1"]) == 0
    told = capsys.readouterr().out
    assert "save 500 USD together" in told and "open for what their own plans leave" in told
