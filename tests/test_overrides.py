"""Changes as text: read, written, refused; windows cut out of rows; files of cases; combinations."""

from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.analysis.cases import Case, combinations, read_cases, solve_cases, variants
from planner.analysis.changes import Add, Ban, Change, Drop, Off, Set, changed
from planner.analysis.overrides import read_change
from planner.errors import InputError
from planner.instance import Instance
from planner.settings import Settings
from tests.builders import Trade

READ: dict[str, Change] = {
    "demands[site=USA market,material=hot magnet].quantity*=1.1": Set(
        "demands", {"site": "USA market", "material": "hot magnet"}, "quantity", 1.1, "*="
    ),
    "offers[place=CHN].capacity@2028..2029=0": Set("offers", {"place": "CHN"}, "capacity", 0, "=", ("2028", "2029")),
    "offers.price@2028Q1+=12.5": Set("offers", {}, "price", 12.5, "+=", ("2028Q1", "2028Q1")),
    "offers[site=a;b].capacity=": Set("offers", {"site": ["a", "b"]}, "capacity", None),
    'offers[site="Baotou, north"].price-=3': Set("offers", {"site": "Baotou, north"}, "price", 3, "-="),
    'offers[site="say ""so"""].price=3': Set("offers", {"site": 'say "so"'}, "price", 3),
    "rules[rule=cap,from=2028].until=2029": Set("rules", {"rule": "cap", "from": "2028"}, "until", "2029"),
    "instance.discount_rate=0.08": Set("instance", {}, "discount_rate", 0.08),
    "add offers[site=Kuantan,material=NdPr oxide,price=52000]": Add(
        "offers", {"site": "Kuantan", "material": "NdPr oxide", "price": 52000}
    ),
    "drop offers[site=Baotou;Ganzhou,price=5]": Drop("offers", {"site": ["Baotou", "Ganzhou"], "price": 5}),
    "off third-country-mine": Off("third-country-mine"),
    'off "dual: sourcing"': Off("dual: sourcing"),
    "ban[place=CHN;RUS,to=allies,from=2028]": Ban("place", "CHN;RUS", "allies", since="2028"),
    "ban[owner=Lynas,material=NdPr oxide,stage=oxide,until=2029]": Ban(
        "owner", "Lynas", material="NdPr oxide", stage="oxide", until="2029"
    ),
}


@pytest.mark.parametrize("text", READ)
def test_a_change_is_read_and_written(text: str) -> None:
    """The text gives the change, and the change a text that gives it again."""
    assert read_change(text) == READ[text]
    assert read_change(str(READ[text])) == READ[text]


@pytest.mark.parametrize(
    ("loose", "strict"),
    [
        ("ban place=CHN, to=allies", "ban[place=CHN,to=allies]"),
        ("  demands [ site = a , material = b ] . quantity *= 1.1 ", "demands[site=a,material=b].quantity*=1.1"),
    ],
)
def test_spaces_do_not_matter(loose: str, strict: str) -> None:
    """As people type."""
    assert read_change(loose) == read_change(strict)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("demands", "write TABLE"),
        ("of cap", "write TABLE"),
        ("demands[site].quantity=1", "is no column=cell"),
        ("demands[site=a,site=b].quantity=1", "stands twice"),
        ("demands.quantity=ten", "'ten' is no number for quantity"),
        ("rules.limit=65 %", "type 0.65"),
        ("ban plce=CHN", "did you mean 'place'"),
        ("ban to=allies", "one place, owner, site or group"),
        ("ban place=CHN, site=Baotou", "one place, owner, site or group"),
    ],
)
def test_what_is_no_change_is_refused(text: str, told: str) -> None:
    """In words, with what would be right."""
    with pytest.raises(InputError) as refused:
        read_change(text)
    assert told in str(refused.value)


def trade() -> Instance:
    """Four years; a sells at 10, b at 20, 100 t demanded in each year but the third, when it is 60 t."""
    made = Trade(periods=4)
    made.seller("a", 10.0, capacity=80.0)
    made.seller("b", 20.0)
    made.demand(100.0)
    made.demand(60.0, period="2003")
    made.process("work", "a", {"ore": 1.0}, capacity=5.0)
    made.stockpile("market", initial=7.0, final=9.0, capacity=50.0)
    made.site("a", place="AAA")
    return planner.from_frames(made.header, made.tables)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("demand.quantity=1", "there is no table 'demand'; did you mean 'demands'?"),
        ("demands.quantty=1", "demands has no column 'quantty'; did you mean 'quantity'?"),
        ("demands[sit=market].quantity=1", "demands has no column 'sit'; did you mean 'site'?"),
        ("demands[site=markt].quantity=1", "no row of demands has site 'markt'; did you mean 'market'?"),
        ("offers[site=b,price=10].price=1", "no row of offers has site 'b' and price '10'"),
        ("offers[price=cheap].price=1", "'cheap' is no number"),
        ("offers[site=b].capacity*=2", "empty: set a number"),
        ("offers.material*=2", "is a text"),
        ("lanes.freight@2002=2", "one row for all periods"),
        ("processes.capacity@2002=2", "max_quantity"),
        ("demands.quantity@2002Q1=2", "write 2027"),
        ("demands.quantity@2003..2002=2", "ends before it begins"),
        ("offers.price@2010..2011=2", "no row of offers that matches holds in 2010..2011"),
        ("off cap", "no row of rules"),
        ("ban site=c", "there is no site 'c'"),
        ("ban place=AAB", "did you mean 'AAA'?"),
        ("ban place=AAA, to=markt", "did you mean 'market'?"),
        ("ban site=a, from=2002, material=orr", "orr"),
        ("instance[site=a].discount_rate=0.1", "leave [...] and @ out"),
        ("instance.discnt_rate=0.1", "did you mean 'discount_rate'?"),
        ("instance.currency*=2", "is a text"),
        ("add offers[site=a,materal=ore,price=1]", "did you mean 'material'?"),
        ("add offers[site=a,material=ore]", "price: is empty"),
        ("drop offers[site=c]", "no row of offers has site 'c'"),
    ],
)
def test_what_cannot_be_changed_is_refused(text: str, told: str) -> None:
    """With the place and what may be meant."""
    with pytest.raises(InputError) as refused:
        changed(trade(), [read_change(text)])
    assert told in str(refused.value)


def rows(instance: Instance, table: str, *names: str) -> list[tuple[object, ...]]:
    """Some columns of a table, empty numbers as None."""
    frame = instance.tables[table][[*names]]
    return sorted(frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None), key=str)


def test_a_window_is_cut_out_of_a_row() -> None:
    """Before, within and after: three rows with the same cells else."""
    found = changed(trade(), [read_change("offers[site=a].capacity@2002..2003=50")])
    assert rows(found, "offers", "site", "from", "until", "capacity") == [
        ("a", "", "2001", 80.0),
        ("a", "2002", "2003", 50.0),
        ("a", "2004", "", 80.0),
        ("b", "", "", None),
    ]
    whole = changed(trade(), [read_change("offers[site=a].capacity@2001..2004=50")])
    assert rows(whole, "offers", "site", "from", "until", "capacity")[0] == ("a", "", "", 50.0)


def test_a_stockpile_keeps_its_opening_and_final_stock_when_it_is_cut() -> None:
    """The opening stock stays on the first row, the final one on the last."""
    found = changed(trade(), [read_change("stockpiles.capacity@2002..2003=30")])
    assert rows(found, "stockpiles", "from", "until", "capacity", "initial", "final") == [
        ("", "2001", 50.0, 7.0, None),
        ("2002", "2003", 30.0, 0.0, None),
        ("2004", "", 50.0, 0.0, 9.0),
    ]


def test_a_demand_of_all_periods_gets_a_row_for_each_of_the_window() -> None:
    """A period's own row is changed where it stands."""
    found = changed(trade(), [read_change("demands.quantity@2002..2003*=0.5")])
    assert rows(found, "demands", "period", "quantity") == [("", 100.0), ("2002", 50.0), ("2003", 30.0)]


def test_a_yearly_charge_is_not_split_within_its_year() -> None:
    """It would be paid twice."""
    made = Trade(periods=8, length="quarter")
    made.seller("a", 10.0, fixed_cost=5.0, capacity=200.0)
    made.demand(100.0)
    instance = planner.from_frames(made.header, made.tables)
    assert len(changed(instance, [read_change("offers.price@2002Q1..2002Q4=9")]).tables["offers"]) == 2
    with pytest.raises(InputError, match="cannot be split in the middle of 2001"):
        changed(instance, [read_change("offers.price@2001Q3..2001Q4=9")])


def test_what_is_under_way_cannot_be_banned() -> None:
    """It has been sent."""
    made = Trade(periods=3)
    made.seller("a", 10.0)
    made.seller("b", 20.0)
    made.demand(100.0)
    made.add("in_transit", origin="a", destination="market", material="ore", arrives="2002", quantity=3.0)
    instance = planner.from_frames(made.header, made.tables)
    with pytest.raises(InputError, match="3 of ore from a is under way and arrives in 2002"):
        changed(instance, [read_change("ban site=a, to=market")])
    found = changed(instance, [read_change("ban site=a, to=market, from=2003")])
    assert planner.solve(found).status == "optimal"


def test_rows_are_found_through_their_site_and_material() -> None:
    """Place and owner stand in sites, stage in materials."""
    made = Trade()
    made.site("a", place="AAA", owner="Anna")
    made.goods("ore", stage="mine")
    made.seller("a", 10.0)
    made.seller("b", 20.0)
    made.demand(100.0)
    instance = planner.from_frames(made.header, made.tables)
    for text in ("offers[place=AAA].price=5", "offers[owner=Anna].price=5", "offers[stage=mine,site=a].price=5"):
        assert rows(changed(instance, [read_change(text)]), "offers", "site", "price") == [("a", 5.0), ("b", 20.0)]


def test_alternatives_give_every_combination() -> None:
    """Two by three, named by what is set."""
    assert variants("rules[rule=cap].limit=0.4|0.5") == ["rules[rule=cap].limit=0.4", "rules[rule=cap].limit=0.5"]
    assert variants("ban place=CHN|RUS, to=allies") == ["ban place=CHN, to=allies", "ban place=RUS, to=allies"]
    assert variants("off one|two") == ["off one", "off two"]
    assert variants("offers[site=a|b].price=1|2") == [f"offers[site={s}].price={p}" for s in "ab" for p in (1, 2)]
    assert variants("offers[site=a].price=1") == ["offers[site=a].price=1"]
    found = combinations([Case("", ()), Case("dear", ("offers.price*=2",))], ["demands.quantity=90|100", "off x|y"])
    assert [case.name for case in found][:3] == ["quantity=90, off x", "quantity=90, off y", "quantity=100, off x"]
    assert found[-1] == Case("dear, quantity=100, off y", ("offers.price*=2", "demands.quantity=100", "off y"))


def test_cases_are_read_from_both_kinds_of_file(tmp_path: Path) -> None:
    """The same cases from a table and from TOML."""
    table, toml = tmp_path / "cases.csv", tmp_path / "cases.toml"
    table.write_text('case,change\nhalt,"ban site=a, from=2002"\nhalt,demands.quantity*=0.9\ndear,offers.price*=2\n')
    toml.write_text(
        '[cases]\nhalt = ["ban site=a, from=2002", "demands.quantity*=0.9"]\ndear = "offers.price*=2"\n', "utf-8"
    )
    halt = Case("halt", ("ban site=a, from=2002", "demands.quantity*=0.9"))
    assert read_cases(table) == read_cases(toml) == [halt, Case("dear", ("offers.price*=2",))]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("c.csv", "case,chnge\n", "did you mean 'change'?"),
        ("c.csv", "case\nx\n", "needs the columns case and change"),
        ("c.csv", "case,change\nhalt,ban site=a, from=2002\n", "c.csv line 2: has 3 cells"),
        ("c.csv", "case,change\nx,offers.price*=1\ny,offer price\n", "c.csv line 3, change: 'offer price': write"),
        ("c.csv", "case,change\n", "holds no case"),
        ("c.toml", "[case]\n", "did you mean 'cases'?"),
        ("c.toml", "cases = [\n", "is no TOML"),
        ("c.toml", "[cases]\nx = 3\n", "'x' is no list of changes"),
        ("c.xls", "", "is no .csv and no .toml"),
    ],
)
def test_a_bad_file_of_cases_is_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    """With the line and what would be right."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as refused:
        read_cases(path)
    assert told in str(refused.value)


def test_a_missing_file_of_cases_is_refused(tmp_path: Path) -> None:
    """In words."""
    with pytest.raises(InputError, match=r"none\.csv: cannot be read: No such file"):
        read_cases(tmp_path / "none.csv")


def two() -> Instance:
    """One year: 80 t at 10, 20 t at 20: 1 200."""
    made = Trade()
    made.seller("a", 10.0, capacity=80.0)
    made.seller("b", 20.0, capacity=80.0)
    made.demand(100.0)
    return planner.from_frames(made.header, made.tables)


CASES = [
    Case("more", ("demands.quantity=110",)),
    Case("dear", ("offers[site=a].price=15",)),
    Case("none", ("ban site=a;b",)),
    Case("typo", ("offers[site=c].price=15",)),
]


def assert_cases(found: pd.DataFrame) -> None:
    """10 t more at 20: 1 400; 80 t dearer by 5: 1 600; both banned: no plan; no such site."""
    by_name = found.set_index("case")
    assert by_name["status"].to_dict() == {
        "more": "optimal",
        "dear": "optimal",
        "none": "infeasible",
        "typo": "refused",
    }
    assert by_name.loc[["more", "dear"], "cost"].tolist() == pytest.approx([1400.0, 1600.0])
    assert by_name.loc[["more", "dear"], "against_base"].tolist() == pytest.approx([200.0, 400.0])
    assert by_name.loc[["none", "typo"], ["cost", "against_base", "unmet"]].isna().all(axis=None)
    assert "no row of offers has site 'c'" in by_name["message"]["typo"]


def test_cases_are_solved_by_one_kept_model() -> None:
    """Each from the base."""
    assert_cases(solve_cases(two(), CASES))


def test_many_cases_are_solved_by_workers() -> None:
    """Prices of 1 to 12 for 80 t, one case each, in two processes; the same as by hand."""
    many = [Case(f"price {price}", (f"offers[site=a].price={price}",)) for price in range(1, 13)]
    told: list[tuple[int, int]] = []
    found = solve_cases(two(), [*CASES, *many], Settings(workers=2), lambda *done: told.append(done))
    assert_cases(found.iloc[: len(CASES)])
    assert found["cost"].iloc[len(CASES) :].tolist() == pytest.approx([80.0 * price + 400.0 for price in range(1, 13)])
    assert told[-1] == (17, 17)
