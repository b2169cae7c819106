"""Studies: every kind of change equals a cold solve of the changed instance; undo restores, a refused one is none."""

import random
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import planner
from mineral_sourcing.arrays import Array
from mineral_sourcing.compile import Matrix
from planner import periods
from planner.analysis.changes import Add, Ban, Change, Drop, Off, Set
from planner.analysis.study import Study
from planner.errors import InputError, NoPlanError, PlannerError
from planner.instance import Instance
from planner.plan import Outcome
from planner.solving.kept import Kept
from planner.solving.session import Session
from planner.solving.stages import Solved
from planner.tables import TABLES
from tests.builders import Trade
from tests.random_instances import random_instance

SAME_COST = 1e-7
SAME_DECISIONS = 1e-6
"""Of the largest quantity of a table."""

Draw = Callable[[Instance, random.Random], Change | None]


def pick(instance: Instance, table: str, rng: random.Random) -> dict[str, object] | None:
    """The key of a random row of a table."""
    frame = instance.tables[table]
    if frame.empty:
        return None
    row = frame.iloc[rng.randrange(len(frame))]
    return {name: row[name] for name in TABLES[table].KEY}


def number(table: str, column: str) -> Draw:
    """Another number in a random row."""

    def draw(instance: Instance, rng: random.Random) -> Change | None:
        frame = instance.tables[table]
        filled = frame[frame[column] > 0]
        if filled.empty:
            return None
        row = filled.iloc[rng.randrange(len(filled))]
        where = {name: row[name] for name in TABLES[table].KEY}
        return Set(table, where, column, round(rng.uniform(0.6, 1.2), 2), "*=")

    return draw


def windowed(instance: Instance, rng: random.Random) -> Change | None:
    """Half of an offer's capacity in the second period alone."""
    head = instance.header
    names = periods.horizon(head.first_period, head.periods, head.period_length)
    where = pick(instance, "offers", rng)
    offers = instance.tables["offers"]
    charged = (offers["fixed_cost"] > 0) | (offers["min_award"] > 0)
    if where is None or len(names) < 2 or charged.any():
        return None
    return Set("offers", {"site": where["site"]}, "capacity", 30.0, "=", (names[1], names[1]))


def ban(instance: Instance, rng: random.Random) -> Change:
    """A place that sells and makes nothing any more."""
    return Ban("place", rng.choice(sorted(set(instance.tables["sites"]["place"]) - {""})))


def withdrawn(instance: Instance, rng: random.Random) -> Change | None:
    """An offer fewer."""
    where = pick(instance, "offers", rng)
    return None if where is None else Drop("offers", {"site": where["site"], "material": where["material"]})


def added(instance: Instance, rng: random.Random) -> Change:
    """An offer of the demanded material at the site that demands it."""
    demand = instance.tables["demands"].iloc[0]
    return Add("offers", {"site": demand["site"], "material": demand["material"], "price": 400.0, "capacity": 25.0})


def off(instance: Instance, rng: random.Random) -> Change | None:
    """A rule fewer."""
    where = pick(instance, "rules", rng)
    return None if where is None else Off(str(where["rule"]))


KINDS: dict[str, Draw] = {
    "demand": number("demands", "quantity"),
    "price": number("offers", "price"),
    "capacity of an offer": number("offers", "capacity"),
    "capacity in one period": windowed,
    "capacity of a process": number("processes", "capacity"),
    "toll": number("processes", "cost"),
    "recipe": number("recipes", "output"),
    "freight": number("lanes", "freight"),
    "loss": number("lanes", "loss"),
    "limit of a rule": number("rules", "limit"),
    "cover": number("stockpiles", "cover_days"),
    "opening stock": number("stockpiles", "initial"),
    "unmet cost": number("priorities", "unmet_cost"),
    "ban": ban,
    "offer withdrawn": withdrawn,
    "offer added": added,
    "rule off": off,
    "discount rate": lambda *_: Set("instance", {}, "discount_rate", 0.11),
}


def assert_same(found: Outcome, other: Outcome) -> None:
    """The same ending, cost and decisions; both were verified when they were made."""
    assert found.status == other.status
    if other.found is None:
        return
    assert found.plan.objective == pytest.approx(other.plan.objective, rel=SAME_COST, abs=SAME_COST)
    for table, value in (("flows", "quantity"), ("sales", "quantity"), ("activity", "activity"), ("stock", "closing")):
        frames = found.plan.tables[table], other.plan.tables[table]
        keys = [name for name in frames[0] if frames[0][name].dtype.kind != "f"]
        both = pd.concat([frame.groupby(keys)[value].sum() for frame in frames], axis=1).fillna(0.0).to_numpy()
        scale = max(1.0, float(np.abs(both).max(initial=0.0)))
        assert np.abs(both[:, 0] - both[:, 1]).max(initial=0.0) <= SAME_DECISIONS * scale, table


def cold(study: Study) -> Outcome:
    """The same tables read, checked, assembled and solved by what knows nothing of the past."""
    fresh = planner.from_frames(study.instance.header, study.instance.tables)
    assert fresh.warnings == study.instance.warnings
    return planner.solve(fresh, gap=0.0)


def tutorial() -> Instance:
    """The tutorial."""
    return planner.load("tutorial")


IN_TUTORIAL = [kind for kind, draw in KINDS.items() if draw(tutorial(), random.Random(1)) is not None]


@pytest.mark.parametrize("kind", IN_TUTORIAL)
def test_a_change_of_the_tutorial_gives_the_plan_of_a_cold_solve(kind: str) -> None:
    """Whatever the tutorial has that can be changed; then undone: the plan of before."""
    study = planner.study(tutorial(), gap=0.0)
    before, change = study.solve(), KINDS[kind](tutorial(), random.Random(1))
    assert change is not None
    study.apply(change)
    assert_same(study.solve(), cold(study))
    assert_same(study.undo().solve(), before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_a_random_instance_gives_the_plan_of_a_cold_solve(kind: str) -> None:
    """Two linear instances that can be changed so, and undone."""
    done = 0
    for seed in range(60):
        instance = planner.from_frames(*random_instance(seed, integers=False))
        change = KINDS[kind](instance, random.Random(seed))
        if change is None:
            continue
        study = planner.study(instance, gap=0.0)
        before = study.solve()
        try:
            study.apply(change)
        except InputError:
            continue  # a demand that nothing can reach any more, say
        assert_same(study.solve(), cold(study))
        assert_same(study.undo().solve(), before)
        done += 1
        if done == 2:
            return
    pytest.fail(f"{done} instances could be changed")


@pytest.mark.parametrize("seed", range(4))
def test_chains_of_changes_give_the_plans_of_cold_solves(seed: int) -> None:
    """Every kind in a random order, one upon the other; all undone at the end."""
    study = planner.study(planner.from_frames(*random_instance(seed, integers=False)), gap=0.0)
    rng, first, begun = random.Random(seed), study.solve(), study.instance
    made = 0
    for kind in rng.sample(list(KINDS), len(KINDS)):
        change = KINDS[kind](study.instance, rng)
        try:
            study.apply(*([] if change is None else [change]))
        except InputError:
            continue
        made += change is not None
        assert_same(study.solve(), cold(study))
    assert made > 8
    assert_same(study.reset().solve(), first)
    assert study.instance is begun


@pytest.mark.parametrize("seed", range(4))
def test_plans_with_integers_cost_what_cold_solves_cost(seed: int) -> None:
    """The same with yes-or-no decisions, of which several may be as good: the cost is one."""
    study = planner.study(planner.from_frames(*random_instance(seed, integers=True)), gap=0.0)
    rng = random.Random(seed)
    for kind in ("demand", "price", "ban", "offer added", "offer withdrawn", "limit of a rule"):
        change = KINDS[kind](study.instance, rng)
        try:
            found = study.apply(change).solve() if change is not None else study.solve()
        except InputError:
            continue
        other = cold(study)
        assert found.status == other.status
        if other.found is not None:
            assert found.plan.objective == pytest.approx(other.plan.objective, rel=SAME_COST)


def two_sellers(**cap: float) -> Instance:
    """100 t demanded; 80 t at 10 from A, any amount at 20 from B; unmet demand costs 100."""
    trade = Trade(periods=2)
    trade.seller("a", 10.0, capacity=80.0)
    trade.seller("b", 20.0)
    trade.site("a", place="AAA")
    trade.demand(100.0, priority="civil")
    trade.unmet(100.0)
    for rule, limit in cap.items():
        trade.rule("max_share", limit, rule=rule, base="consumption", subject_by="site", subject="b")
    return planner.from_frames(trade.header, trade.tables)


def test_costs_by_hand() -> None:
    """Two years of 80 t at 10 and 20 t at 20: 2 400.

    Demand of 110 t: 10 t more at 20 in each year: 2 800. A's price up by half, 80 × 5 in each year: 3 200. A's capacity
    50 t in the second year: 30 t move from 10 to 20: 2 700. A withdrawn: 2 × 100 × 20 = 4 000. B banned in the second
    year: 20 t unmet at 100 rather than 20: 4 000. A third offer of 5 t at 12 in each year: 2 × 5 × 8 less: 2 320.
    """
    study = planner.study(two_sellers())
    assert study.cost == pytest.approx(2400.0)
    hand: list[tuple[Callable[[], Study], float]] = [
        (lambda: study.set("demands", quantity=110.0), 2800.0),
        (lambda: study.scale("offers", {"site": "a"}, price=1.5), 3200.0),
        (lambda: study.set("offers", {"site": "a"}, during="2002", capacity=50.0), 2700.0),
        (lambda: study.drop("offers", {"site": "a"}), 4000.0),
        (lambda: study.ban(site="b", during=("2002", "")), 4000.0),
        (lambda: study.ban(site="b", to="market", during=("2002", "2002")), 4000.0),
        (lambda: study.add("offers", site="market", material="ore", price=12.0, capacity=5.0), 2320.0),
    ]
    for change, cost in hand:
        assert change().plan.objective == pytest.approx(cost)
        assert study.undo().cost == pytest.approx(2400.0)


def test_a_rule_goes_off_and_on() -> None:
    """B may hold 10 % of what is consumed: x = 0.1 (80 + x), 80 + 8.9 t served, 11.1 t unmet in each year."""
    study = planner.study(two_sellers(cap=0.1))
    capped = 2 * (800.0 + 80.0 / 9.0 * 20.0 + (20.0 - 80.0 / 9.0) * 100.0)
    assert study.cost == pytest.approx(capped)
    assert study.off("cap").cost == pytest.approx(2400.0)
    assert study.on("cap").cost == pytest.approx(capped)
    assert study.changes == ("off cap", *study.changes[1:])
    with pytest.raises(InputError, match="did you mean 'cap'"):
        study.off("capp")
    with pytest.raises(InputError, match="did you mean 'cap'"):
        study.on("capp")


def test_a_refused_change_leaves_all_as_it_was() -> None:
    """The same instance, changes, cost and matrix as before; a change with two parts is made whole or not at all."""
    study = planner.study(two_sellers())
    study.scale("demands", quantity=1.1)
    before, changes, cost, matrix = study.instance, study.changes, study.cost, study.kept.matrix
    for bad in (
        ["offers[site=a].price=-1"],
        ["offers[site=a].price=5", "offers[site=c].price=5"],
        ["demands.quantity*=1.1", "add offers[site=a,material=ore,price=4]"],
        ["demands.period=2001Q1"],
        ["rules.limit=0.5"],
    ):
        with pytest.raises(InputError):
            study.apply(*bad)
        assert study.instance is before
        assert study.changes == changes
    assert study.cost == cost
    assert study.kept.matrix is matrix
    with pytest.raises(InputError, match=r"offers line 2, price: '-1' is below 0 \(money/mass\)"):
        study.set("offers", {"site": "a"}, price=-1)


def test_no_plan_is_told_and_undone() -> None:
    """A floor of 200 t on what B makes with 100 t demanded has no plan; undone, the plan is there again."""
    study = planner.study(two_sellers())
    row = {"rule": "floor", "kind": "min_quantity", "limit": 200.0, "subject_by": "site", "subject": "b"}
    study.add("rules", **row, basis="purchases", per="period")
    assert study.solve().status == "infeasible"
    assert study.cost == np.inf
    with pytest.raises(NoPlanError):
        study.name("floor")
    assert study.undo().plan.objective == pytest.approx(2400.0)


def test_undo_without_a_change_and_wrong_names_are_refused() -> None:
    """In words."""
    study = planner.study(two_sellers())
    with pytest.raises(PlannerError, match="no change to take back"):
        study.undo()
    study.name("dear")
    with pytest.raises(PlannerError, match="did you mean 'dear'"):
        study.compare("deer", "now")
    with pytest.raises(PlannerError, match="one place, owner, site or group"):
        study.ban(site="a", place="AAA")


def test_a_kept_model_that_broke_off_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault while HiGHS is told of a change leaves nothing half done behind."""
    study = planner.study(two_sellers())
    assert study.cost == pytest.approx(2400.0)
    study.set("demands", quantity=110.0)
    with monkeypatch.context() as patched:
        patched.setattr(Session, "become", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            study.resolve()
    assert study.cost == pytest.approx(2800.0)


def test_a_model_with_edits_of_its_own_follows_nothing() -> None:
    """Edits of a kept model are undone first."""
    kept = Kept(two_sellers())
    kept.switch_off("balance.node", np.array([0]))
    with pytest.raises(ValueError, match="edits of its own"):
        kept.follow(two_sellers())


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ("demands.quantity*=1.1", 0),
        ("offers[site=a].price*=1.1", 0),
        ("offers[site=a].capacity*=0.9", 0),
        ("offers[site=a].capacity@2002*=0.9", 0),
        ("rules.limit*=0.9", 0),
        ("instance.discount_rate=0.05", 0),
        ("ban site=b", 1),
        ("add offers[site=market,material=ore,price=12,capacity=5]", 1),
        ("off cap", 1),
    ],
)
def test_numbers_alone_are_handed_over_where_rows_and_columns_stay(
    change: str, passed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole matrix is passed only where there are other rows or columns; the basis goes with it."""
    study = planner.study(two_sellers(cap=0.5))
    study.resolve()
    count, take = [], Session.take

    def counted(session: Session, matrix: Matrix, columns: Array, rows: Array) -> None:
        count.append(1)
        take(session, matrix, columns, rows)

    monkeypatch.setattr(Session, "take", counted)
    study.apply(change).resolve()
    assert len(count) == passed


def test_an_interrupted_solve_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C gives an outcome without a plan, which is not kept."""
    study = planner.study(two_sellers())
    nothing = np.empty(0)
    with monkeypatch.context() as patched:
        stopped = Solved("interrupted", np.inf, -np.inf, nothing, nothing, {})
        patched.setattr(Kept, "solve", lambda *_: stopped)
        assert study.solve().status == "unknown"
        with pytest.raises(NoPlanError):
            _ = study.base
    assert study.plan.objective == pytest.approx(2400.0)
