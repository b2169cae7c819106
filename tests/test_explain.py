"""No plan and unmet demand explained: every repair against arithmetic, and against trying everything."""

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planner
from planner.analysis.changes import Add, Change, Set, changed
from planner.analysis.elastic import Elastic
from planner.analysis.explain import Explanation
from planner.analysis.levers import MAY_BE_UNMET, Lever, levers
from planner.analysis.overrides import read_change
from planner.assembly.assemble import assemble
from planner.cli import main
from planner.instance import Instance
from planner.runs import write_input
from planner.solve import compiled
from planner.solving.session import Session
from tests.builders import Trade

EXACT = planner.Settings(gap=0.0, time_limit=60.0)


def instance_of(trade: Trade) -> Instance:
    """The instance of a trade."""
    return planner.from_frames(trade.header, trade.tables)


def three(capacity: float = 100, **demand: Any) -> Trade:
    """100 t from A at 10, B at 12 and C at 20."""
    trade = Trade()
    trade.site("market", "HOM")
    for site, place, price in (("a", "A", 10), ("b", "B", 12), ("c", "C", 20)):
        trade.site(site, place)
        trade.seller(site, price, capacity=capacity)
    trade.demand(100, **demand)
    return trade


def has_plan(instance: Instance) -> bool:
    """Whether a cold run of the model of these tables finds a point."""
    return Session.of(compiled(assemble(instance)), EXACT).run(60.0).has_point


def known(instance: Instance, *, capacities: bool, demand: bool) -> dict[tuple[str, str], Lever]:
    """Levers by kind and name."""
    return {(one.kind, one.name): one for one in levers(instance, capacities=capacities, demand=demand)}


def hold_to_account(instance: Instance, found: Explanation) -> None:
    """Each repair gives its cost when its changes are made by themselves, and no limit of it can be a step tighter."""
    steps = known(instance, capacities=True, demand=True)
    assert found.repairs
    for repair in found.repairs:
        made = [read_change(text, instance.name) for text in repair.changes]
        plan = planner.solve(changed(instance, made), EXACT).plan
        costs = plan.costs.loc[plan.costs["priority"] == MAY_BE_UNMET]
        priced = costs.loc[costs["component"] == "unmet", "present_value"].sum()
        assert plan.objective - priced == pytest.approx(repair.cost, rel=1e-6, abs=1e-6)
        for row in repair.table.query("kind != 'demand'").to_dict("records"):
            lever = steps[row["kind"], row["name"]]
            tighter = [_tightened(change, lever, instance) for change in made]
            assert tighter != made
            assert not has_plan(changed(instance, tighter)), f"{row['told']}: a step less does too"


def _tightened(change: Change, lever: Lever, instance: Instance) -> Change:
    """A change of the lever's own cells, a step back; any other as it is."""
    frame = instance.tables[lever.table].iloc[list(lever.rows)]
    if not isinstance(change, Set) or change.table != lever.table or change.column != lever.column:
        return change
    if not all(name not in frame or (frame[name] == value).any() for name, value in change.where.items()):
        return change
    return Set(change.table, change.where, change.column, round(change.value - lever.sign * lever.step, 9))


def tried(instance: Instance) -> set[frozenset[str]]:
    """Smallest sets of levers that give a plan when they are let go, by trying every set."""
    every = list(known(instance, capacities=False, demand=True).values())
    free = changed(instance, [Add("priorities", {"priority": "free", "rank": 1, "unmet_cost": 1e5})])
    good: list[frozenset[str]] = []
    for size in range(1, len(every) + 1):
        for some in combinations(every, size):
            names = frozenset(f"{one.kind} {one.name}" for one in some)
            if not any(smaller <= names for smaller in good) and has_plan(let_go(free, some)):
                good.append(names)
    return set(good)


def let_go(instance: Instance, some: tuple[Lever, ...]) -> Instance:
    """Tables with levers as loose as can be, written by hand."""
    tables = {name: instance[name] for name in ("rules", "stockpiles", "offers", "demands")}
    for one in some:
        frame = tables[one.table]
        rows = frame.index[list(one.rows)]
        if one.kind == "demand":
            frame.loc[rows, "priority"] = "free"
        elif one.table == "rules" and one.unit == "share":
            frame.loc[rows, "limit"] = 1.0 if one.sign > 0 else 0.0
        elif one.table == "rules":
            frame.loc[rows, "limit"] = 1e6 if one.sign > 0 else 0.0
        else:
            frame.loc[rows, one.column] = 0.0
    return Instance(instance.header, {**instance.tables, **tables}).with_derived(instance)


def names_of(found: Explanation) -> list[frozenset[str]]:
    """Levers of each repair."""
    return [frozenset(repair.table["kind"] + " " + repair.table["name"]) for repair in found.repairs]


def test_a_share_is_loosened_to_the_least_that_has_a_plan() -> None:
    """B at most 20 t: A and C take 80 t, so a cap of s lets a plan be from 2 s + 20 % = 1, s = 40 %: 400 + 240 + 800.
    Without it nothing can be bought: with a cap of 30 % of what is consumed, 30 + 30 + 30 % never make 100 %.
    """
    trade = three()
    trade.rule("max_share", 0.30, base="consumption")
    trade.rule("max_quantity", 20, rule="b at most", subject="B")
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    assert found.question == "no plan"
    assert [repair.sentence for repair in found.repairs] == [
        "cap rule at 40 % instead of 30 %",
        "leave 100 t of the demand of market for ore unmet",
    ]
    assert found.repairs[0].cost == pytest.approx(1440.0)
    assert found.repairs[0].table["used_in"].tolist() == ["2001"]
    assert any(name.startswith("rule rule: At most 30 %") for name in found.conflict)
    assert "demand of market for ore, which must be met" in found.conflict
    assert (
        "cap rule at 40 % instead of 30 %, at 1,440 USD; 1 other repair follows and there is no other" in found.sentence
    )
    assert found.complete
    assert "40 %" in repr(found)
    assert "40 %" in found._repr_html_()
    hold_to_account(instance, found)


def test_a_grid_of_limits_finds_the_same_share() -> None:
    """80 t of metal take 100 t of ore, of which B has 45 t: A's share of what is bought is 55 % at least."""
    trade = Trade()
    for site, place in (("a", "A"), ("b", "B"), ("market", "HOM")):
        trade.site(site, place)
    trade.seller("a", 10, capacity=70)
    trade.seller("b", 20, capacity=45)
    trade.process("smelt", "market", {"ore": -1.25, "metal": 1.0})
    trade.demand(80, material="metal")
    trade.rule("max_share", 0.50, base="purchases", material="ore", market="market")
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    limits = np.round(np.arange(0.51, 0.60, 0.01), 2)
    feasible = [limit for limit in limits if has_plan(instance.change("rules", {"rule": "rule"}, limit=limit))]
    least = next(row for row in found.table.to_dict("records") if row["kind"] == "rule")
    assert least["becomes"] == pytest.approx(feasible[0], abs=1e-9) == pytest.approx(0.55)
    hold_to_account(instance, found)


def test_every_smallest_set_is_found() -> None:
    """Rules, a floor, a final stock and the demand: what trying all 2^n sets gives."""
    trade = three()
    trade.rule("max_share", 0.35, rule="a-cap", subject="A", base="consumption")
    trade.rule("max_quantity", 30, rule="b-cap", subject="B")
    trade.rule("max_quantity", 20, rule="c-cap", subject="C")
    trade.rule("max_spend", 1000, rule="budget", subject_by="", market="market", market_pool="together")
    trade.stockpile(initial=5, final=12)
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT, repairs=50)

    assert set(names_of(found)) == tried(instance)
    assert len(set(names_of(found))) == len(found.repairs) >= 3
    costs = [(repair.unmet > 1e-6, round(repair.unmet, 6), repair.cost) for repair in found.repairs]
    assert costs == sorted(costs)
    hold_to_account(instance, found)


@pytest.mark.parametrize("seed", range(2))
def test_random_instances_give_every_smallest_set(seed: int) -> None:
    """Two materials, caps and floors by lot: sets and steps as by trying."""
    lot = np.random.default_rng(seed)
    trade = three(capacity=float(lot.integers(40, 90)))
    for number, place in enumerate("ABC"):
        kind, limit = ("max_share", lot.integers(10, 40) / 100) if lot.random() < 0.6 else ("max_quantity", 20.0)
        base = {"base": "consumption"} if kind == "max_share" else {}
        trade.rule(kind, float(limit), rule=f"cap {number}", subject=place, **base)
    trade.rule("min_share", 0.7, rule="floor", subject="C", base="consumption")
    instance = instance_of(trade)
    assert planner.solve(instance, EXACT).status == "infeasible"

    found = planner.explain(instance, EXACT, repairs=50)

    assert set(names_of(found)) == tried(instance)
    hold_to_account(instance, found)


def test_a_protected_rule_is_left_alone() -> None:
    """A at most 30 t is protected; B and C at most 30 t each are not: 40 t more must come from B or C, or go unmet."""
    trade = three()
    for place, firm in (("A", "yes"), ("B", "no"), ("C", "no")):
        trade.rule("max_quantity", 30, rule=f"cap {place}", subject=place, protected=firm)
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    assert [repair.sentence for repair in found.repairs] == [
        "cap cap B at 40 t instead of 30 t",
        "cap cap C at 40 t instead of 30 t",
        "leave 10 t of the demand of market for ore unmet",
    ]
    assert [repair.cost for repair in found.repairs] == pytest.approx([1380.0, 1460.0, 1260.0])
    assert "rule cap A" in "".join(found.conflict)
    hold_to_account(instance, found)


def test_nothing_to_loosen_is_said() -> None:
    """Only a protected cap stands against a protected floor."""
    trade = three()
    trade.rule("max_quantity", 0, rule="ban", subject="A", protected="yes")
    trade.rule("min_quantity", 10, rule="keep", subject="A", protected="yes")

    found = planner.explain(instance_of(trade))

    assert found.repairs == ()
    assert "let go there is no plan" in found.sentence


def test_days_of_cover_in_days() -> None:
    """100 t a year, stock for 120 days is 32.877 t; at most 30 t fit in: 109.5 days."""
    trade = three()
    trade.stockpile(capacity=30, cover_days=120, final=0)
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    told = [repair.sentence for repair in found.repairs]
    assert "cover 109.5 days of ore for market instead of 120 days" in told
    hold_to_account(instance, found)


def test_averages_in_their_unit() -> None:
    """A (risk 0.8) has 60 t, B (0.2) 40 t and C nothing: the average of 100 t is 0.56, not 0.5."""
    trade = Trade()
    for site, place, price, capacity, risk in (("a", "A", 10, 60, 0.8), ("b", "B", 12, 40, 0.2)):
        trade.site(site, place)
        trade.seller(site, price, capacity=capacity)
        trade.add("attributes", site=site, attribute="risk", value=risk)
    trade.demand(100)
    trade.rule("max_average", 0.5, subject_by="", attribute="risk", market="market", market_pool="together")
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    assert found.table.query("kind == 'rule'")["becomes"].tolist() == [pytest.approx(0.56)]
    hold_to_account(instance, found)


def test_the_hhi_between_0_and_1() -> None:
    """A has 60 t and B 50 t for 100 t, C nothing: equal halves give 0.5, whatever the cost."""
    trade = Trade()
    for site, place, price, capacity in (("a", "A", 10, 60), ("b", "B", 12, 50)):
        trade.site(site, place)
        trade.seller(site, price, capacity=capacity)
    trade.demand(100)
    trade.rule("max_hhi", 0.4, base="purchases")
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    assert found.repairs[0].sentence == "cap rule at 0.5 HHI instead of 0.4 HHI"
    assert found.repairs[0].cost == pytest.approx(50 * 10 + 50 * 12, rel=1e-5)
    hold_to_account(instance, found)


def test_yes_or_no_decisions_and_whole_numbers() -> None:
    """One supplier of at most 40 t for 100 t: three suppliers, or 60 t unmet. C sells 30 t at least, if at all, and
    40 + 40 + 20 t need 20 t of it at most: with the protected cap of 20 t on C its least award goes to 20 t too.
    """
    trade = Trade()
    trade.site("market", "HOM")
    for site, place, price, least in (("a", "A", 10, 0), ("b", "B", 12, 0), ("c", "C", 20, 30)):
        trade.site(site, place)
        trade.seller(site, price, capacity=40, min_award=least)
    trade.demand(100)
    trade.rule("max_suppliers", 1, rule="single source", market="market", market_pool="together")
    trade.rule("max_quantity", 20, rule="c-cap", subject="C", protected="yes")
    instance = instance_of(trade)
    assert planner.solve(instance).size["integers"] > 0

    found = planner.explain(instance, EXACT, repairs=50)

    assert {names for names in names_of(found) if not any(name.startswith("capacity") for name in names)} == tried(
        instance
    )
    best = next(repair for repair in found.repairs if "award" in set(repair.table["kind"]))
    assert dict(zip(best.table["kind"], best.table["becomes"], strict=True)) == {"rule": 3.0, "award": 20.0}
    assert best.cost == pytest.approx(40 * 10 + 40 * 12 + 20 * 20)
    hold_to_account(instance, found)


def test_a_phase_in_is_loosened_in_all_its_periods() -> None:
    """50 % in 2001 and 40 % from 2002 on, of two sellers: 10 percentage points more in both years."""
    trade = Trade(periods=2)
    trade.site("market", "HOM")
    for site, place in (("a", "A"), ("b", "B")):
        trade.site(site, place)
        trade.seller(site, 10)
    trade.demand(100)
    trade.rule("max_share", 0.5, base="consumption", until="2001")
    trade.rule("max_share", 0.4, base="consumption", **{"from": "2002"})
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    assert found.repairs[0].sentence == "cap rule at 60 % to 50 % instead of 50 % to 40 %"
    assert len(found.repairs[0].changes) == 2
    hold_to_account(instance, found)


def test_unmet_demand_names_what_binds_and_what_would_meet_it() -> None:
    """A and B sell 40 t each, C nothing: 20 t of 100 t go unmet, and each 20 t of capacity would serve 20 t.
    A costs 10: 40 + 20 at 10 and 40 at 12 make 1080; B: 400 + 720.
    """
    trade = Trade()
    trade.site("market", "HOM")
    for site, place, price in (("a", "A", 10), ("b", "B", 12)):
        trade.site(site, place)
        trade.seller(site, price, capacity=40)
    trade.demand(100, priority="civil")
    trade.unmet(1000)
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    assert found.question == "unmet demand"
    assert found.unmet["unmet"].tolist() == [pytest.approx(20.0)]
    assert found.least_unmet == pytest.approx(20.0)
    assert dict(zip(found.binding["name"], found.binding["met"], strict=True)) == {
        "ore at a": pytest.approx(1.0),
        "ore at b": pytest.approx(1.0),
    }
    assert [repair.sentence for repair in found.repairs] == [
        "let the capacity of ore at a be 60 t instead of 40 t",
        "let the capacity of ore at b be 60 t instead of 40 t",
    ]
    assert [repair.cost for repair in found.repairs] == pytest.approx([1080.0, 1120.0])
    assert {"capacity of ore sold by a", "capacity of ore sold by b"} < set(found.conflict)
    hold_to_account(instance.change("priorities", {"priority": "civil"}, unmet_cost=float("nan")), found)


def test_what_one_more_serves_is_what_a_solve_gives() -> None:
    """The tonnes that a point of a cap serves, held against the least unmet demand with the cap a point higher."""
    trade = three(priority="civil")
    trade.unmet(1000)
    trade.rule("max_share", 0.2, base="demand")
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    more = planner.solve(instance.change("rules", {"rule": "rule"}, limit=0.21), EXACT).plan
    assert found.least_unmet == pytest.approx(40.0)
    assert found.binding["name"].tolist() == ["rule"]
    assert found.binding["met"].item() / 100 == pytest.approx(found.least_unmet - more.unmet) == pytest.approx(3.0)
    assert found.repairs[0].table["becomes"].item() == pytest.approx(0.3334)  # 3 s >= 1, in steps of 0.01 points


def test_demand_that_is_cheaper_to_leave_is_told() -> None:
    """C at 20 stands above an unmet cost of 15: 40 t from it would cost 800, that is 800 more than supply does now."""
    trade = Trade()
    trade.site("market", "HOM")
    for site, place, price, capacity in (("a", "A", 10, 60), ("c", "C", 20, 100)):
        trade.site(site, place)
        trade.seller(site, price, capacity=capacity)
    trade.demand(100, priority="civil")
    trade.unmet(15)

    found = planner.explain(instance_of(trade), EXACT)

    assert found.dearer == pytest.approx(800.0)
    assert found.repairs == ()
    assert "20.00 a tonne" in found.sentence or "20 a tonne" in found.sentence


def test_a_plan_that_meets_all_needs_no_explanation() -> None:
    """100 t from A."""
    found = planner.explain(instance_of(three()))
    assert found.question == "nothing"
    assert found.table.empty
    assert found.sentence == "trade has a plan and it meets all demand."


@pytest.fixture
def capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose cap leaves no plan."""
    monkeypatch.chdir(tmp_path)
    trade = three()
    trade.rule("max_quantity", 30, rule="cap")
    write_input(instance_of(trade), tmp_path / "capped")
    yield tmp_path / "capped"


def test_the_command_explains_an_instance_and_a_run(capped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """100 t of three sellers of at most 30 t: each 33.34 t, in steps of a hundredth; solve names the command."""
    assert main(["solve", str(capped)]) == 4
    run = next(Path("runs").iterdir())
    assert f"planner explain {run}" in capsys.readouterr().err
    assert main(["explain", str(run), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["question"] == "no plan"
    assert answer["repairs"][0]["changes"] == ["rules[rule=cap].limit=33.34"]
    assert main(["explain", str(capped), "--repairs", "2"]) == 0
    told = capsys.readouterr().out
    assert "cap cap at 33.34 t instead of 30 t" in told
    assert "rules[rule=cap].limit=33.34" in told
    assert main(["explain", str(capped), "--repairs", "0"]) == 2


def test_where_rules_give_too_few_repairs_capacities_grow() -> None:
    """60 t of metal take 75 t of ore, A has 70 t, protected: A 75 t, which is one repair; 56 t of metal another."""
    trade = Trade()
    for site, place in (("a", "A"), ("market", "HOM")):
        trade.site(site, place)
    trade.seller("a", 10, capacity=70)
    trade.process("smelt", "market", {"ore": -1.25, "metal": 1.0})
    trade.demand(60, material="metal")
    instance = instance_of(trade)

    found = planner.explain(instance, EXACT)

    assert [repair.sentence for repair in found.repairs] == [
        "let the capacity of ore at a be 75 t instead of 70 t",
        "leave 4 t of the demand of market for metal unmet",
    ]
    assert found.complete and "1 other repair follows and there is no other" in found.sentence
    hold_to_account(instance, found)


def test_effects_of_many_levers_are_those_of_each_alone() -> None:
    """Twelve capacities, a share whose rows they do not touch, and two levers of one row: as one by one."""
    trade = Trade(periods=2)
    trade.site("market", "HOM")
    for number in range(10):
        trade.site(f"s{number}", "AB"[number % 2])
        trade.seller(f"s{number}", 10 + number, capacity=10 + number)
    trade.demand(400)
    trade.rule("max_share", 0.3, base="demand")
    trade.stockpile(initial=5, final=12, cover_days=30, capacity=40)
    study = planner.study(instance_of(trade))
    some = levers(study.instance, capacities=True, demand=False)
    assert len(some) > 8
    found = Elastic(study, some, EXACT)

    for lever, effect in zip(some, found.effects, strict=True):
        alone = Elastic(study, [lever], EXACT).effects[0]
        assert np.array_equal(effect.rows, alone.rows) and np.array_equal(effect.columns, alone.columns)
        assert effect.sides == pytest.approx(alone.sides) and effect.bounds == pytest.approx(alone.bounds)
        assert abs(effect.entries - alone.entries).sum() == pytest.approx(0.0, abs=1e-9)
