"""Price tags: hand-solved, and every number again by cold solves of the changed tables, over every order."""

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from mineral_sourcing.arrays import Array
from planner.analysis.ranging import ranges
from planner.analysis.switching import Switching, costs_of, rule_names
from planner.cli import main
from planner.errors import NoPlanError
from planner.settings import Settings
from planner.solving.kept import Kept
from tests.builders import Trade


def three_rules() -> planner.Instance:
    """100 t; A 60 t at 10, B 50 t at 20, C at 50. A cap of 50 % a place, at least 30 t of C, a cap of 40 t on A."""
    trade = Trade()
    for place, price, capacity in (("A", 10, 60), ("B", 20, 50), ("C", 50, None)):
        trade.site(f"mine {place}", place=place)
        trade.seller(f"mine {place}", price, capacity=capacity)
    trade.demand(100)
    trade.rule("max_share", 0.5, rule="cap", base="demand")
    trade.rule("min_quantity", 30, rule="keep-C", subject="C")
    trade.rule("max_quantity", 40, rule="cap-A", subject="A")
    return planner.from_frames(trade.header, trade.tables)


def cold(instance: planner.Instance, kept: tuple[str, ...]) -> float:
    """Least cost under some of the rules, from the changed tables, by a cold solve."""
    rules = instance.tables["rules"]
    return planner.solve(instance.with_tables(rules=rules[rules["rule"].isin(kept)]), gap=0.0).plan.objective


def fixed_charge() -> planner.Instance:
    """A plan with yes-or-no decisions: B has a charge, and two rules hold."""
    trade = Trade()
    for place, price, charge in (("A", 10, 0), ("B", 14, 300), ("C", 30, 0)):
        trade.site(f"mine {place}", place=place)
        trade.seller(f"mine {place}", price, capacity=80, fixed_cost=charge)
    trade.demand(100)
    trade.rule("max_share", 0.6, rule="cap", base="demand")
    trade.rule("max_quantity", 25, rule="cap-B", subject="B")
    return planner.from_frames(trade.header, trade.tables)


def test_the_tutorial_by_hand() -> None:
    """README: 71,500 with the cap, 65,200 without: it costs 6,300, 8.8 % of the plan."""
    found = planner.price_rules(planner.load("tutorial"))
    row = found.rules.iloc[0]
    assert row[["price", "added", "average"]].tolist() == pytest.approx([6300.0] * 3)
    assert (row["least"], row["most"], row["cost"]) == pytest.approx((6300.0, 6300.0, 65200.0))
    assert row["share"] == pytest.approx(6300 / 71500)
    assert found.together == pytest.approx(6300.0)
    assert found.waterfall["cost"].tolist() == pytest.approx([65200.0, 71500.0])
    assert found.summary == "The rule country-cap costs 6,300 USD (8.8 % of the plan's cost)."


def test_three_rules_by_hand() -> None:
    """None: A 60, B 40: 1,400. All: A 40, B 30, C 30: 2,500.

    Without cap the same 2,500; without keep-C: A 40, B 50, C 10: 1,900; without cap-A: A 50, B 20, C 30: 2,400.
    In turn: cap A 50, B 50: 1,500; and keep-C A 50, B 20, C 30: 2,400; and cap-A 2,500.
    """
    found = planner.price_rules(three_rules())
    assert found.rules["rule"].tolist() == ["cap", "keep-C", "cap-A"]
    assert found.rules["price"].tolist() == pytest.approx([0.0, 600.0, 100.0])
    assert found.rules["added"].tolist() == pytest.approx([100.0, 900.0, 100.0])
    assert found.together == pytest.approx(1100.0)
    assert "The 3 rules of trade together cost 1,100 USD (44 % of the plan's cost)" in found.summary
    assert "without keep-C, the dearest, the plan would cost 600 USD less" in found.summary


def capped_hhi() -> planner.Instance:
    """A cap on the HHI of three sellers beside a cap of tonnes."""
    trade = Trade()
    for place, price in (("A", 10), ("B", 20), ("C", 50)):
        trade.site(f"mine {place}", place=place)
        trade.seller(f"mine {place}", price)
    trade.demand(100)
    trade.rule("max_hhi", 0.4, rule="hhi", base="purchases")
    trade.rule("max_quantity", 40, rule="cap-A", subject="A")
    return planner.from_frames(trade.header, trade.tables)


@pytest.mark.parametrize("make", [three_rules, fixed_charge, capped_hhi])
def test_every_number_again_from_changed_tables(make: Callable[[], planner.Instance]) -> None:
    """Price, waterfall and average over all orders, each choice of rules solved cold from tables without the others."""
    instance = make()
    names = rule_names(instance)
    found = planner.price_rules(instance, gap=0.0)
    every = cold(instance, names)
    assert found.plan.objective == pytest.approx(every, rel=1e-6)
    alone = [every - cold(instance, tuple(name for name in names if name != left)) for left in names]
    near = 1e-6 * every
    assert found.rules["price"].tolist() == pytest.approx(alone, abs=near)
    orders = [*permutations(names)]
    of = {kept: cold(instance, kept) for order in orders for kept in (order[:at] for at in range(len(names) + 1))}
    for at, name in enumerate(names):
        added = [of[order[: order.index(name) + 1]] - of[order[: order.index(name)]] for order in orders]
        assert found.rules["average"][at] == pytest.approx(np.mean(added), abs=near)
        assert found.rules["added"][at] == pytest.approx(of[names[: at + 1]] - of[names[:at]], abs=near)
    assert found.rules[["added", "average"]].sum().tolist() == pytest.approx([found.together] * 2, abs=near)


def test_a_gap_leaves_a_price_between_two_bounds() -> None:
    """With a gap, what is proven of a price holds the true one (by plans solved to the last cent)."""
    instance = fixed_charge()
    found, exact = planner.price_rules(instance, gap=0.01), planner.price_rules(instance, gap=0.0)
    assert found.plan.is_mip
    for row, true in zip(found.rules.to_dict("records"), exact.rules["price"], strict=True):
        assert row["least"] - 1e-6 <= true <= row["most"] + 1e-6


def test_a_sample_of_orders_holds_the_exact_average(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight pairs are more than the six orders of three rules: the same average without error."""
    exact = planner.price_rules(three_rules())
    monkeypatch.setattr("planner.analysis.rule_price.EXACT", 2)
    every = planner.price_rules(three_rules(), orders=8)
    assert every.orders == 6
    assert every.rules["average"].tolist() == pytest.approx(exact.rules["average"].tolist())


def test_rules_that_forbid_the_same_cost_nothing_alone_and_a_sample_says_how_far_it_may_be_off() -> None:
    """Nine times the cap that costs 100: no one of them costs anything, the first added all, on average a ninth each.

    A pair of orders charges two of the nine 50 each: over n pairs the standard error of one is what the draw gives.
    """
    instance = three_rules()
    cap = instance.tables["rules"].iloc[:1]
    nine = pd.concat([cap.assign(rule=f"cap {number}") for number in range(9)], ignore_index=True)
    found = planner.price_rules(instance.with_tables(rules=nine), orders=20)
    assert found.rules["price"].tolist() == pytest.approx([0.0] * 9, abs=1e-6)
    assert found.rules["added"].tolist() == pytest.approx([100.0, *[0.0] * 8], abs=1e-6)
    assert found.orders == 40
    shares = found.rules["average"].to_numpy()
    assert shares.sum() == pytest.approx(100.0)
    charged = np.round(shares * 20 / 50)
    assert shares * 20 / 50 == pytest.approx(charged, abs=1e-6)
    pairs = np.array([np.repeat([50.0, 0.0], [int(hit), 20 - int(hit)]).std(ddof=1) for hit in charged])
    assert found.rules["error"].tolist() == pytest.approx((pairs / np.sqrt(20)).tolist(), abs=1e-6)


def test_a_choice_of_rules_costs_the_same_from_rows_and_from_tables() -> None:
    """On allied-magnets: rows let go against tables without the rules, from one kept model whatever came before."""
    instance = planner.load("allied-magnets")
    names = rule_names(instance)
    choices = [0, 1 << 4, (1 << len(names)) - 1 - (1 << 4)]
    found = costs_of(instance, choices, Settings())
    again = Switching({"instance": instance, "settings": Settings().model_dump()})
    for choice in reversed(choices):
        kept = tuple(name for at, name in enumerate(names) if choice >> at & 1)
        assert found[choice] == pytest.approx(cold(instance, kept), rel=1e-7)
        assert again.cost(choice) == pytest.approx(found[choice], rel=1e-9)


def test_workers_and_a_kept_folder_give_the_same(tmp_path: Path) -> None:
    """Every choice by workers, kept in a folder, read again."""
    one = planner.price_rules(three_rules())
    for _ in range(2):
        many = planner.price_rules(three_rules(), folder=tmp_path, workers=2)
        pd.testing.assert_frame_equal(one.rules, many.rules)


def test_rules_that_leave_demand_unmet_say_so() -> None:
    """10 t of A banned at 100 a tonne unmet: the ban costs 10 · (100 − 5) = 950 and leaves 10 t unmet."""
    trade = Trade()
    trade.site("mine", place="A")
    trade.seller("mine", 5)
    trade.demand(10, priority="civil")
    trade.unmet(100.0)
    trade.rule("max_quantity", 0, rule="ban")
    found = planner.price_rules(planner.from_frames(trade.header, trade.tables))
    assert found.rules[["price", "unmet"]].iloc[0].tolist() == pytest.approx([950.0, 10.0])
    assert "costs 950 USD (95 % of the plan's cost), and 10 t more of demand unmet" in found.summary


def test_no_rules_and_no_plan() -> None:
    """Nothing has no price; rules that cannot all hold have none either, and are named."""
    trade = Trade()
    trade.seller("A", 5)
    trade.demand(10)
    free = planner.from_frames(trade.header, trade.tables)
    assert planner.price_rules(free).summary == "trade has no rules: none costs anything."
    trade.rule("max_quantity", 0, rule="ban", subject="A", subject_by="site")
    with pytest.raises(NoPlanError, match="ban"):
        planner.price_rules(planner.from_frames(trade.header, trade.tables))


def test_names_are_text_in_a_notebook() -> None:
    """A rule's name is never markup."""
    trade = Trade()
    trade.seller("A", 5)
    trade.demand(10)
    trade.rule("max_quantity", 90, rule="<b>", subject_by="site")
    html = planner.price_rules(planner.from_frames(trade.header, trade.tables))._repr_html_()
    assert "&lt;b&gt;" in html and "<b>" not in html


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """In words, as one document, and a bad flag refused."""
    assert main(["price-rules", "tutorial"]) == 0
    told = capsys.readouterr().out
    assert "The rule country-cap costs 6,300 USD" in told and "over all orders" in told
    assert main(["price-rules", "tutorial", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["together"] == pytest.approx(6300.0)
    assert document["rules"][0]["price"] == pytest.approx(6300.0)
    assert main(["price-rules", "tutorial", "--orders", "1"]) == 2
    assert "'1' is no whole number of at least 2" in capsys.readouterr().err


def rows_of(instance: planner.Instance) -> Kept:
    """The kept model, solved once."""
    kept = Kept(instance, Settings())
    kept.solve()
    return kept


@pytest.mark.parametrize(
    "make", [three_rules, lambda: planner.load("tutorial"), lambda: planner.load("gallium-germanium")]
)
def test_prices_hold_within_their_range_and_not_beyond(make: Callable[[], planner.Instance]) -> None:
    """Each right-hand side moved to just inside and just outside both ends, and solved again: slope and its change."""
    kept = rows_of(make())
    found, network = ranges(kept), kept.assembled.network
    assert len(found)
    unit, money = network.unit_mass, network.unit_money
    base, turned = kept.solve().objective, 0
    span = kept.matrix.row_span("concentration.cap")
    for row in found.head(12).to_dict("records"):
        at = kept.find(
            span,
            d0=row["rule"],
            d1=row["from"],
            d2=row["subject"],
            d3=row["material"],
            d4=row["market"],
            d5=row["period"],
        )
        side, slope = kept.matrix.row_upper[span.start + at], row["shadow_price"] * unit / money

        def cost(excess: float, at: Array = at, side: Array = side) -> float:
            kept.row_bounds("concentration.cap", at, np.full(1, -np.inf), side + excess)
            try:
                return kept.solve().objective
            finally:
                kept.undo()

        for end in (row["lower"] / unit, row["upper"] / unit):
            if not np.isfinite(end):
                continue
            beyond = np.sign(end) * 0.05 * max(abs(end), 0.1) if end else 0.0
            assert cost(0.999 * end) == pytest.approx(base + slope * 0.999 * end, rel=1e-7)
            if beyond:
                line = base + slope * (end + beyond)
                outside = cost(end + beyond)
                assert outside >= line - 1e-6 * abs(base)
                turned += outside > line + 1e-7 * abs(base)
    assert turned, "no price ends where its range does"


def test_the_range_of_the_tutorials_cap_by_hand() -> None:
    """−90 a tonne of A above 65 t: down to 60 t, where A2 sells nothing more, and up to the 100 t that are needed."""
    found = planner.price_rules(planner.load("tutorial"))
    assert found.ranges["shadow_price"].tolist() == pytest.approx([-90.0] * 2)
    assert found.ranges["lower"].tolist() == pytest.approx([-5.0] * 2)
    assert found.ranges["upper"].tolist() == pytest.approx([35.0] * 2)
    assert found.ranges["degenerate"].tolist() == ["no", "no"]
    row = found.rules.iloc[0]
    assert row[["step", "marginal", "looser", "tighter"]].tolist() == pytest.approx([0.01, 180.0, 180.0, 180.0])


def test_a_degenerate_price_is_marked_and_the_true_steps_differ() -> None:
    """At a cap of 60 % A1 is full and A2 sells nothing: a point looser saves 2·90, a point tighter costs 2·130."""
    study = planner.study(planner.load("tutorial"))
    found = planner.price_rules(study.set("rules", limit=0.6).instance)
    assert set(found.ranges["degenerate"]) <= {"upwards", "downwards"}
    row = found.rules.iloc[0]
    assert row[["looser", "tighter"]].tolist() == pytest.approx([180.0, 260.0])
    assert (
        row["marginal"] == pytest.approx(180.0)
        or row["marginal"] == pytest.approx(260.0)
        or 180 < row["marginal"] < 260
    )
