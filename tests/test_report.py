"""The report: every number computed again, by other ways, from the plan's tables; nothing fetched, nothing run."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import planner
from planner.plan import Plan
from planner.report import figures, html
from planner.report.facts import Facts
from planner.report.optional import Exposure, Frontier, Halt
from planner.report.panels import stocks
from planner.report.summary import money, percent
from planner.report.world import project
from tests.builders import Trade
from tests.pages import Page
from tests.random_instances import random_instance
from tests.test_summary import CAP, two

MEGABYTE = 1e6


@pytest.fixture(scope="module")
def plans() -> tuple[Plan, Plan]:
    """The plan of allied-magnets, and that without its rules."""
    instance = planner.load("allied-magnets")
    return planner.solve(instance).plan, planner.solve(instance.with_tables(rules=instance["rules"].iloc[:0])).plan


@pytest.fixture(scope="module")
def text(plans: tuple[Plan, Plan]) -> str:
    """The report of the one beside the other."""
    return html.report(*plans)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    """The report, read back."""
    return Page(text)


def chain(names: tuple[str, str, str] = ("mine", "plant", "market")) -> Plan:
    """100 t of oxide: ore at 10 from A, toll 5 in B, used in C; the plant makes waste too, which nobody wants."""
    trade = Trade(discount_rate=0.0)
    mine, plant, market = names
    for site, place in zip(names, "ABC", strict=True):
        trade.site(site, place=place)
    trade.offer(mine, 10)
    trade.add("processes", process="run", site=plant, cost=5)
    for material in ("oxide", "waste"):
        trade.goods(material)
    trade.add("recipes", process="run", material="ore", input=1)
    trade.add("recipes", process="run", material="oxide", output=1)
    trade.add("recipes", process="run", material="waste", output=3)
    trade.lane(mine, plant)
    trade.lane(plant, market, "oxide")
    trade.demand(100, market, "oxide")
    return trade.plan()


def test_money_is_followed_from_who_is_paid_to_what_is_used() -> None:
    """1000 to the mine and 500 to the plant end in the oxide; waste has no price and carries nothing."""
    supply = Facts(chain()).supply
    assert {(row.paid_in, row.made_in, row.material): row.money for row in supply.itertuples()} == {
        ("A", "B", "oxide"): pytest.approx(1000.0),
        ("B", "B", "oxide"): pytest.approx(500.0),
    }
    sent = Facts(chain()).shipments
    assert sent[["origin", "destination", "material"]].to_numpy().tolist() == [["B", "C", "oxide"], ["A", "B", "ore"]]
    assert sent["money"].tolist() == pytest.approx([1500.0, 1000.0])


def test_no_money_is_lost_on_the_way(plans: tuple[Plan, Plan]) -> None:
    """What is paid is what consumption carries and what stock has grown by; six stages and a cycle of scrap."""
    for plan in plans:
        facts = Facts(plan)
        paid = plan.sales["cost"].sum() + plan.activity["cost"].sum()
        stored = (facts.chain.through.sum(axis=1) * facts.chain.stored / facts.chain.leaving).sum()
        assert facts.supply["money"].sum() + stored == pytest.approx(paid, rel=1e-7)


def test_the_headline_and_its_figures_by_hand() -> None:
    """A cap of 60 %: 60 t at 10 and 40 at 16, 1240 a year; without it 1000: 432 more over two years at 25 %, 24 %."""
    page = Page(html.report(two([{**CAP, "limit": 0.6}]), two([])))
    assert page.slots["headline"] == (
        "The rules cost 432 USD more (24 %) and bring Arcadia’s share of ore from 100 % to 60 %"
    )
    assert page.slots["hard"] == (
        "Two decisions move most of the money, two of them from 2027 on. "
        "Ore is the hard case: one percentage point more in 2027–2028 would save 10.80 USD (cap)."
    )
    five = page.slots["five"]
    for told in ("2,232 USD", "▲ 432 (+24.0 %)", "60 %", "▼ 40 points", "Paid to B", "1,280 USD", "100 %"):
        assert told in five


def test_decisions_are_the_differences_of_two_plans(page: Page, plans: tuple[Plan, Plan]) -> None:
    """Tonnes from sales, made and stock; the effect from the costs, as the costs table has them."""
    (table,) = page.tables["decisions"]
    assert len(table.rows) == 10
    for (what, _), (material, _), (where, _), (_, tonnes), (_, effect) in (
        (row[1], row[2], row[3], row[5], row[6]) for row in table.rows
    ):
        name = {"Buy": "sales", "Make": "made", "Hold": "stock"}[what.replace(",", "").split()[0]]
        column = {"sales": "quantity", "made": "output", "stock": "closing"}[name]
        component = {"sales": "purchase", "made": "processing", "stock": "holding"}[name]
        amounts, costs = [], []
        for plan in plans:
            frame = plan.tables[name]
            site = next(site for site in plan.instance.tables["sites"]["site"] if where.startswith(f"{site}, "))
            own = frame[(frame["site"] == site) & (frame["material"] == material)]
            amounts.append(own[column].sum() / (10 if name == "stock" else 1))
            paid = plan.costs[(plan.costs["component"] == component) & (plan.costs["site"] == site)]
            paid = paid if name == "made" else paid[paid["material"] == material]
            costs.append(paid["present_value"].sum())
        assert tonnes == pytest.approx(amounts[0] - amounts[1])
        if name != "made":
            assert effect == pytest.approx(costs[0] - costs[1])
        else:  # a site's tolls are of all that it makes
            assert abs(effect or 0.0) <= abs(costs[0] - costs[1]) + 1e-6 * costs[0]


def test_shares_are_those_of_the_rules(page: Page, plans: tuple[Plan, Plan]) -> None:
    """Where a rule caps a material by itself, the largest share is the rule's largest actual; the cap is its limit."""
    (table,) = page.tables["concentration"]
    rules = plans[0].rules
    last = rules[(rules["period"] == "2035") & (rules["unit"] == "share")]
    found = dict(zip(table.column("Material"), table.column("Share, this plan"), strict=True))
    caps = dict(zip(table.column("Material"), table.column("Cap"), strict=True))
    own = last[last["material"].isin(found)]
    assert own["material"].nunique() == 8
    for material, rows in own.groupby("material"):
        assert found[material] == pytest.approx(rows["actual"].max(), abs=1e-9)
        assert caps[material] == pytest.approx(rows["limit"].min())
    over = [(row[3][1] or 0.0) > (row[6][1] or 1.0) + 5e-4 for row in table.rows]
    assert page.slots["concentration.title"].startswith(f"{sum(over)} of 8 capped materials")


def test_shares_of_quarters_are_told_by_year() -> None:
    """Of what is used in a year, quarters in which nothing is bought included: as the rules on consumption count it."""
    plan = planner.solve(planner.load("gallium-germanium")).plan
    found = Facts(plan).shares.set_index("material")
    rules = plan.rules
    last = rules[(rules["period"] == "2030") & (rules["unit"] == "share") & (rules["kind"] == "max_share")]
    caps = last.groupby("material").agg(actual=("actual", "max"), limit=("limit", "min"))
    both = found.join(caps, how="inner")
    assert len(both) >= 7
    assert both["share"].to_numpy() == pytest.approx(both["actual"].to_numpy(), abs=1e-9)
    assert both["cap"].to_numpy() == pytest.approx(both["limit"].to_numpy())


def test_stocks_are_those_of_the_cover_table(page: Page, plans: tuple[Plan, Plan]) -> None:
    """Days and targets, period by period; a stock without a target in tonnes."""
    (table,) = page.tables["cover"]
    names = dict(planner.load("allied-magnets")["places"][["name", "place"]].to_numpy().tolist())
    cover = plans[0].cover
    assert {row[0][0] for row in table.rows} and len(table.rows) == 80
    for (title, _), (period, _), (unit, _), (_, value), (_, target) in table.rows:
        place, _, material = title.rpartition(", ")
        (row,) = cover[
            (cover["covers"] == names.get(place, place)) & (cover["material"] == material) & (cover["period"] == period)
        ].to_dict("records")
        assert value == pytest.approx(row["days"] if unit == "days" else row["stock"])
        assert target == (pytest.approx(row["required_days"]) if unit == "days" else None)


def test_the_waterfall_ends_at_the_plan(page: Page, plans: tuple[Plan, Plan]) -> None:
    """Components are those of the costs tables; their changes are the difference of the objectives."""
    (table,) = page.tables["cost"]
    after, before = (plan.costs.groupby("component")["present_value"].sum() for plan in plans)
    for head, costs in (("This plan", after), ("Cheapest plan", before)):
        assert sorted(table.column(head)) == pytest.approx(sorted(costs), rel=1e-9)
    assert sum(table.column("Change")) == pytest.approx(plans[0].objective - plans[1].objective)
    (bars, _) = page.payload["plans"][0]["figures"]["cost"]["data"]
    ends = np.array(bars["base"], dtype=float) + numbers(bars["x"])
    assert ends[0] == pytest.approx(plans[1].objective)
    assert ends[-1] == pytest.approx(plans[0].objective)


def test_what_binds_is_worth_a_hundredth_of_its_base(page: Page, plans: tuple[Plan, Plan]) -> None:
    """Σ |shadow price| × base / 100 of a share, × limit / 100 of a quantity, over the periods in which it binds."""
    rules = plans[0].rules
    worth = (rules["shadow_price"].abs() * rules["base"].fillna(rules["limit"]) / 100).groupby(
        [rules["rule"], rules["subject"], rules["material"]]
    )
    most = sorted(worth.sum(), reverse=True)[:8]
    first, second = page.tables["limits"]
    assert first.column("Worth of one more") == pytest.approx(most)
    assert len(second.rows) == 6
    binding = rules.loc[rules["binding"] == "yes", "rule"].nunique()
    assert page.slots["limits.title"].startswith(f"{binding} of {rules['rule'].nunique()} rules bind")


def test_tables_of_money_hold_what_the_figures_show(page: Page, plans: tuple[Plan, Plan]) -> None:
    """The flow picture's links add up to its sums; titles name the largest; tonnes of one material are those made."""
    figures = page.payload["plans"][0]["figures"]
    flow = figures["supply"]["data"][0]
    first = [value for start, value in zip(flow["link"]["source"], flow["link"]["value"], strict=True) if start == 0]
    supply = Facts(plans[0]).supply
    china = supply[supply["paid_in"] == "China"]["money"].sum()
    assert sum(numbers(first)) == pytest.approx(china, rel=0.005)
    assert flow["node"]["label"][0] == f"China  {percent(china / supply['money'].sum())}"
    assert page.slots["supply.title"].endswith(f"{percent(china / supply['money'].sum())} of it goes to China")
    told = page.tables["map"][0].rows[0]
    assert page.slots["map.title"].endswith(f"most travels from {told[0][0]} to {told[1][0]}")
    one = figures["supply:NdPr oxide"]["data"][0]
    made = plans[0].made[plans[0].made["material"] == "NdPr oxide"]["output"].sum()
    made += plans[0].sales[plans[0].sales["material"] == "NdPr oxide"]["quantity"].sum()
    half = [v for s, v in zip(numbers(one["link"]["source"]), numbers(one["link"]["value"]), strict=True) if s < 6]
    assert sum(half) == pytest.approx(made, rel=0.02)


def numbers(values: Any) -> list[float]:
    """Numbers of a figure, also where plotly packs them."""
    if isinstance(values, dict):
        values = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    return [float(value) for value in values]


def test_plans_stand_side_by_side_and_travel_in_the_file(plans: tuple[Plan, Plan]) -> None:
    """Each plan's texts, tables and figures are there for the slider; the outlines of the world once."""
    plan, other = plans
    page = Page(html.report(plan, other, [("As planned", plan), ("No rules", other)]))
    (table,) = page.tables["plans"]
    assert table.column("Plan") == ["As planned", "No rules"]
    assert table.column(table.heads[1]) == pytest.approx([plan.objective, other.objective])
    assert table.column("Unmet, t") == pytest.approx([plan.unmet, other.unmet], abs=1e-6)
    assert page.slots["plans.title"].endswith(f"cost {money(other.objective)} to {money(plan.objective)} USD")
    first, second = page.payload["plans"]
    assert (page.payload["at"], first["name"], second["name"]) == (0, "As planned", "No rules")
    assert second["slots"]["headline"].startswith(f"The plan costs {money(other.objective)} USD")
    assert second["figures"]["map"]["data"][0] is None
    assert first["figures"]["map"]["data"][0]["fill"] == "toself"


def test_nothing_is_fetched(text: str, page: Page) -> None:
    """No address anywhere but places in the page itself; the page forbids itself any request; under six megabytes."""
    assert page.references and all(reference.startswith("#") for reference in page.references)
    assert "default-src 'none'" in text
    style = text.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style
    assert "http" not in page.scripts[1] + page.scripts[2]
    assert len(text.encode()) < 6 * MEGABYTE


def test_every_figure_is_told_in_words(page: Page) -> None:
    """For those who do not see it."""
    assert [name for name, _ in page.figures] == ["supply", "map", "concentration", "cover", "cost"]
    assert all(len(told) > 40 for _, told in page.figures)


HOSTILE = ("</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", '=cmd|"/c calc"!A1 & "more"')


def test_names_that_could_be_script_are_text() -> None:
    """They stand in tables, in figures and in the data as what they are, and nowhere as markup."""
    plan = chain(HOSTILE)
    text = html.report(plan, None, [("<b>One</b>", plan), ("</script>", plan)])
    page = Page(text)
    assert len(page.scripts) == 3 and not page.handlers
    assert "<" not in page.scripts[1]
    assert HOSTILE[0] in page.tables["decisions"][0].column("Bought from")
    labels = " ".join(str(label) for label in page.payload["plans"][0]["figures"]["supply"]["data"][0]["node"]["label"])
    assert "<" not in labels
    assert "<img" not in text.split("<script>")[0] and "<img" not in "".join(page.payload["plans"][0]["slots"].values())
    assert "<img" not in plan._repr_html_() + plan.instance._repr_html_()


def test_sections_come_with_what_is_given() -> None:
    """A frontier and an exposure are told where they are given, and only there; nothing stands empty."""
    plan = two([{**CAP, "limit": 0.6}])
    bare = Page(html.report(plan))
    assert not {"frontier", "exposure", "cost", "cover", "map"} & bare.tables.keys()
    points = pd.DataFrame({"limit": [1.0, 0.8, 0.6], "cost": [1800.0, 2016.0, 2232.0]})
    lost = pd.DataFrame(
        {"lost": ["Arcadia", "B"], "coverage": [0.4, 1.0], "days": [0.0, float("inf")], "unmet": [60.0, 0.0]}
    )
    page = Page(
        html.report(
            plan,
            frontier=Frontier("cap on any one country", "%", points, 0.6),
            exposure=Exposure(lost, "Arcadia.", "2027"),
        )
    )
    assert page.slots["frontier.title"] == "From 100 to 60 % costs 432 USD"
    assert page.tables["frontier"][0].column("Cost, USD") == [1800.0, 2016.0, 2232.0]
    assert [row[2][0] for row in page.tables["exposure"][0].rows] == ["0", "survives"]
    for tables in page.tables.values():
        assert all(table.rows for table in tables)


def test_a_halt_is_shaded_behind_every_stock(plans: tuple[Plan, Plan]) -> None:
    """From its first period to its last, and said below the title; not where none is given."""
    facts = Facts(plans[0])
    shaded = figures.cover(facts, ("2027", "2028")).layout.shapes
    assert len(shaded) == stocks(facts)["title"].nunique() > 1
    assert {(shape.x0, shape.x1) for shape in shaded} == {(0.5, 2.5)}  # places on the axis; 2026 stands at 0
    one = figures.cover(facts, ("2027", "2027")).layout.shapes
    assert {(shape.x0, shape.x1) for shape in one} == {(0.5, 1.5)}
    assert not figures.cover(facts).layout.shapes
    text = html.report(plans[0], halt=Halt("no licences", "2027", "2028"))
    page = Page(text)
    assert "Shaded: no licences, 2027–2028." in text
    assert len(page.payload["plans"][0]["figures"]["cover"]["layout"]["shapes"]) == len(shaded)


def test_random_plans_can_be_told() -> None:
    """Whatever the tables hold: stocks, tiers, switches, priced rules; no number is missing where one is shown."""
    told = 0
    for plan in random_plans(12):
        page = Page(html.report(plan))
        assert "nan" not in " ".join(page.slots.values()).lower().replace("finan", "")
        assert repr(plan).count("\n") == 5 and repr(plan.instance).count("\n") == 5
        told += 1
    assert told >= 6


def random_plans(count: int) -> Iterator[Plan]:
    """Plans of instances by lot, of those that have one."""
    for seed in range(count):
        header, tables = random_instance(seed)
        try:
            found = planner.solve(planner.from_frames(header, tables), time_limit=20.0).found
        except planner.InputError:
            continue
        if found is not None:
            yield found


def test_the_figures_are_a_plan_s_own(tmp_path: Path) -> None:
    """By name, without the report; and the report by one call."""
    plan = two([{**CAP, "limit": 0.6}])
    assert plan.figures.sankey().data[0].type == "sankey"
    assert list(plan.figures.concentration().data[1].x) == pytest.approx([60.0])
    assert plan.report(tmp_path / "plan.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_map_is_equal_earth() -> None:
    """The poles and the edges of the sphere of radius 1, from the projection's authors."""
    x, y = project([0.0, 180.0, 0.0], [0.0, 0.0, 90.0])
    assert (x[0], y[0]) == (0.0, 0.0)
    assert x[1] == pytest.approx(2.70663, abs=1e-5)
    assert y[2] == pytest.approx(1.31737, abs=1e-5)
