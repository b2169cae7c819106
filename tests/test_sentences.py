"""Rules as sentences: examples that a person reads, and every row read back from its sentence."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner import read_sentence, sentence
from planner.sentence_forms import Terms
from planner.sentences import CLAUSE, PHRASES, sentences
from planner.tables import columns
from tests.builders import Trade

DEFINITIONS = Path(__file__).parents[1] / "docs" / "definitions.md"
SHARE = {"kind": "max_share", "limit": 0.65, "subject_by": "place", "basis": "purchases", "base": "consumption"}
FLOOR = {"kind": "min_quantity", "limit": 1320.0, "subject_by": "site", "basis": "made", "per": "year"}
HHI = {
    "kind": "max_hhi",
    "limit": 0.25,
    "subject_by": "place",
    "basis": "purchases",
    "base": "purchases",
    "per": "year",
}
AVERAGE = {"kind": "max_average", "attribute": "risk", "basis": "purchases", "per": "year", "material": "NdPr oxide"}
MONEY = {"basis": "purchases", "per": "year", "material": "NdPr oxide"}
COUNT = {"subject_by": "owner", "basis": "purchases", "per": "year", "material": "NdPr oxide"}
THIRD = SHARE | {"except": "home", "per": "year"}

EXAMPLES: dict[str, Mapping[str, Any]] = {
    "At most 65 % of the dysprosium oxide consumed by allies together comes from any one third country, each year "
    "(EU 2024/1252, Art. 5).": THIRD
    | {"material": "dysprosium oxide", "market": "allies", "market_pool": "together", "source": "EU 2024/1252, Art. 5"},
    "magnet-cap: From 2030 on, at most 65 % of each material of stage magnet consumed by each of allies comes from any "
    "one third country, each year.": THIRD
    | {"rule": "magnet-cap", "from": "2030", "stage": "magnet", "pool": "each", "market": "allies"}
    | {"market_pool": "each"},
    "phase-in: In 2027, at most 87.5 % of the dysprosium oxide and terbium oxide together demanded by all sites with "
    "demand together comes from any one owner except Lynas, over all periods together.": SHARE
    | {"rule": "phase-in", "from": "2027", "until": "2027", "limit": 0.875, "pool": "together", "base": "demand"}
    | {"material": "dysprosium oxide;terbium oxide", "market_pool": "together", "subject_by": "owner"}
    | {"except": "Lynas", "per": "horizon"},
    "concern: From 2027Q1 to 2029Q4, at most 25 % of all materials of the stages oxide and metal together bought by "
    "USA comes from the group entities of concern, each year; priced at 5,000 USD per t too much.": SHARE
    | {"rule": "concern", "from": "2027Q1", "until": "2029Q4", "limit": 0.25, "pool": "together"}
    | {"stage": "oxide;metal", "stage_pool": "together", "market": "USA", "base": "purchases"}
    | {"subject_by": "group", "subject": "entities of concern", "per": "year", "penalty": 5000.0},
    "abroad: At most 12.5 % of the gallium bought by factory comes from any one country among CHN and RUS, each "
    "period; the total leaves out home supply; the total counts stock released.": SHARE
    | {"rule": "abroad", "limit": 0.125, "material": "gallium", "market": "factory", "base": "purchases"}
    | {"subject": "CHN;RUS", "per": "period", "home_in_base": "no", "stock_in_base": "yes"},
    "EU-processing: From 2030 on, at least 40 % of each material of stage refined consumed by EU27 together is made by "
    "the group EU27, each year (EU 2024/1252, Art. 5(1)(a)).": SHARE
    | {"rule": "EU-processing", "from": "2030", "kind": "min_share", "limit": 0.4, "stage": "refined"}
    | {"pool": "each", "market": "EU27", "market_pool": "together", "subject_by": "group", "subject": "EU27"}
    | {"basis": "made", "per": "year", "source": "EU 2024/1252, Art. 5(1)(a)"},
    "one-roof: At most 50 % of the block made anywhere is made by any one site, each year; priced at 80 USD per t too "
    "much.": SHARE
    | {"rule": "one-roof", "limit": 0.5, "material": "block", "base": "purchases", "basis": "made"}
    | {"subject_by": "site", "per": "year", "penalty": 80.0},
    "keep-Takefu: At least 1,320 t of the block is made by the site Shin-Etsu Takefu, each year; never offered for "
    "repair.": FLOOR | {"rule": "keep-Takefu", "material": "block", "subject": "Shin-Etsu Takefu", "protected": "yes"},
    "keep-home: At least 200 t of the block is made by each site among allies, each year; priced at 900 USD per t too "
    "little.": FLOOR
    | {"rule": "keep-home", "limit": 200.0, "material": "block", "subject": "allies", "penalty": 900.0},
    "mined: At most 30 % of all materials of stage magnet consumed by allies together originates in the country CHN "
    "except unknown, each year.": SHARE
    | {"rule": "mined", "limit": 0.3, "stage": "magnet", "pool": "together", "market": "allies", "per": "year"}
    | {"market_pool": "together", "basis": "origin", "subject": "CHN", "except": "unknown"},
    "export-ban: From 2027Q1 on, at most 0 t of each material of each stage bought by each site with demand comes from "
    "the country CHN, each period.": SHARE
    | {"rule": "export-ban", "from": "2027Q1", "kind": "max_quantity", "limit": 0.0, "pool": "each"}
    | {"stage_pool": "each", "market_pool": "each", "subject": "CHN", "base": "", "per": "period"},
    "panel: Until 2029, at most 3 owners supply the NdPr oxide bought by allies together, each year; priced at 250,000 "
    "USD per supplier too many.": COUNT
    | {"rule": "panel", "until": "2029", "kind": "max_suppliers", "limit": 3.0, "market": "allies"}
    | {"market_pool": "together", "penalty": 250000.0},
    "spread: From 2030 on, the HHI of all materials of stage oxide bought by allies together, across third countries, "
    "is at most 2,500, each year; the total leaves out home supply; never offered for repair.": HHI
    | {"rule": "spread", "from": "2030", "stage": "oxide", "pool": "together", "market": "allies", "except": "home"}
    | {"market_pool": "together", "home_in_base": "no", "protected": "yes"},
    "makers: The HHI of the block made anywhere, across owners, is at most 1,800, over all periods together; priced at "
    "40 USD per t too much.": HHI
    | {"rule": "makers", "limit": 0.18, "material": "block", "basis": "made", "subject_by": "owner", "per": "horizon"}
    | {"penalty": 40.0},
    "diluted: The HHI of each of ore and tin bought out of what is consumed by allies together, across sites among "
    "Kuantan and Lynas, is at most 900.5, each period.": HHI
    | {"rule": "diluted", "limit": 0.09005, "material": "ore;tin", "pool": "each", "base": "consumption"}
    | {"subject_by": "site", "subject": "Kuantan;Lynas", "market": "allies", "market_pool": "together"}
    | {"per": "period"},
    '"dual: sourcing": At least 2 owners among "Hitachi and Sons" and Rest of the EU except Iluka supply the '
    "NdPr oxide bought by factory, each year.": COUNT
    | {"rule": "dual: sourcing", "kind": "min_suppliers", "limit": 2.0, "market": "factory"}
    | {"subject": "Hitachi and Sons;Rest of the EU", "except": "Iluka"},
    "tranche: At least 40 t of the NdPr oxide bought by factory comes from each owner among Iluka, Lynas and MP, if "
    "any at all, each year; priced at 900 USD per t too little.": COUNT
    | {"rule": "tranche", "kind": "min_award", "limit": 40.0, "market": "factory", "subject": "Iluka;Lynas;MP"}
    | {"base": "", "penalty": 900.0},
    "foothold: At least 7.5 % of the NdPr oxide bought by allies together comes from each owner, if any at all, each "
    "year; the total leaves out home supply.": COUNT
    | {"rule": "foothold", "kind": "min_award", "limit": 0.075, "market": "allies", "market_pool": "together"}
    | {"base": "purchases", "home_in_base": "no"},
    "keep-incumbents: Until 2028, at least 80 % of the NdPr oxide bought by factory before from each owner is bought "
    "again, each year.": COUNT
    | {"rule": "keep-incumbents", "until": "2028", "kind": "min_share", "limit": 0.8, "market": "factory"}
    | {"base": "before"},
    "no-giants: At most 120 % of the NdPr oxide bought by allies together before from any one owner is bought again, "
    "each year; priced at 50 USD per t too much.": COUNT
    | {"rule": "no-giants", "kind": "max_share", "limit": 1.2, "market": "allies", "market_pool": "together"}
    | {"base": "before", "penalty": 50.0},
    "risk: The average risk of the NdPr oxide bought by allies together is at most 0.4, each year; "
    "priced at 500 USD per t and unit too much.": AVERAGE
    | {"rule": "risk", "limit": 0.4, "market": "allies", "market_pool": "together", "penalty": 500.0},
    "recycled-content: From 2030 on, the average recycled of all materials of stage magnet made by each owner "
    "among allies is at least 0.25, over all periods together.": AVERAGE
    | {"rule": "recycled-content", "from": "2030", "kind": "min_average", "limit": 0.25, "attribute": "recycled"}
    | {"material": "", "stage": "magnet", "pool": "together", "basis": "made", "subject_by": "owner"}
    | {"subject": "allies", "per": "horizon"},
    "At most 5,000,000 USD is spent on the NdPr oxide bought by factory from any one third country, each year.": MONEY
    | {"kind": "max_spend", "limit": 5e6, "market": "factory", "subject_by": "place", "except": "home"},
    "budget: At most 20,000,000 USD is spent on the NdPr oxide made anywhere, each year; priced at 0.1 USD per USD "
    "too much.": MONEY | {"rule": "budget", "kind": "max_spend", "limit": 2e7, "basis": "made", "penalty": 0.1},
    "keep-Iluka: At least 750,000 USD is spent on the NdPr oxide made by the owner Iluka, each year.": MONEY
    | {"rule": "keep-Iluka", "kind": "min_spend", "limit": 7.5e5, "basis": "made", "subject_by": "owner"}
    | {"subject": "Iluka"},
}
"""Sentences and their rows, in the order of the definitions."""

TERMS = Terms(groups=frozenset({"home", "allies", "entities of concern", "EU27"}))


def full(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with every column, those left out at their default."""
    return {name: column.default for name, column in columns("rules").items()} | {"rule": ""} | dict(row)


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_are_written_and_read(text: str) -> None:
    """Both ways, word for word."""
    assert sentence(EXAMPLES[text], TERMS) == text
    assert read_sentence(text, TERMS) == full(EXAMPLES[text])


def test_definitions_show_the_examples() -> None:
    """The page shows these sentences and no others."""
    section = DEFINITIONS.read_text("utf-8").partition("## Rules as sentences\n")[2].partition("\n## ")[0]
    assert [line[2:] for line in section.splitlines() if line.startswith("- ")] == list(EXAMPLES)


WORDS = sorted({word for phrases in PHRASES.values() for phrase in phrases for word in phrase.text.split()})
NAMES = st.one_of(
    st.sampled_from(["CHN", "home", "Rest of the EU", "NdPr oxide", "and", "A, B", 'say "no"', "x: y", "(z)", "65 %"]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.text(min_size=1, max_size=12).map(str.strip).filter(bool),
)
LISTED = NAMES.map(lambda name: name.replace(";", "").strip()).filter(bool)
LISTS = st.lists(LISTED, max_size=4).map(";".join)
NUMBERS = st.one_of(
    st.floats(min_value=0, allow_infinity=False),
    st.sampled_from([0.65, 0.125, 1 / 3, 0.07, 0.29, 1320.0, 1e15, 5e-324]),
)
POOLS = st.sampled_from(["", "each", "together"])
PERIODS = st.sampled_from(["", "2027", "2030", "2027Q1", "2027-03"])


KINDS = tuple(dict.fromkeys(str(phrase.cells["kind"]) for phrase in CLAUSE["rule"]))


@st.composite
def rows(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A rule of a kind whose columns fit together, in the smallest form of each cell."""
    share, traced = kind.endswith(("_share", "_hhi")), kind.endswith(("_share", "_quantity", "_hhi"))
    bases = [basis for basis in columns("rules")["basis"].choices if traced or basis != "origin"]
    basis = draw(st.sampled_from(bases))
    average, measured = kind.endswith("_average"), kind.endswith(("_average", "_spend"))
    by = draw(st.sampled_from([by for by in columns("rules")["subject_by"].choices if by or measured]))
    bases = ["consumption", "demand", "purchases"]
    bases += ["before"] if kind.endswith("_share") and basis == "purchases" else [""] if kind == "min_award" else []
    base = draw(st.sampled_from(bases)) if share or kind == "min_award" else ""
    market = not (basis == "made" and base in ("", "purchases"))
    yes = {name: draw(st.sampled_from(["yes", "no"])) for name in ("home_in_base", "recycled_in_base", "stock_in_base")}
    return {
        "rule": draw(NAMES),
        "from": draw(PERIODS),
        "until": draw(PERIODS),
        "kind": kind,
        "limit": draw(NUMBERS),
        "subject_by": by,
        "subject": draw(LISTS) if by else "",
        "except": draw(st.one_of(st.just("home"), LISTS)) if by else "",
        "material": draw(LISTS),
        "stage": draw(LISTS),
        "market": draw(LISTS) if market else "",
        "basis": basis,
        "base": base,
        **(yes if base not in ("", "before") else {name: columns("rules")[name].default for name in yes}),
        "per": draw(st.sampled_from(columns("rules")["per"].choices)),
        "pool": draw(POOLS),
        "stage_pool": draw(POOLS),
        "market_pool": draw(POOLS) if market else "",
        "attribute": draw(LISTED) if average else "",
        "penalty": draw(st.one_of(st.none(), NUMBERS)),
        "protected": draw(st.sampled_from(["yes", "no"])),
        "source": draw(st.one_of(st.just(""), NAMES)),
    }


ALL_TERMS = st.builds(
    Terms,
    currency=st.sampled_from(["USD", "EUR 2025", "¥", ""]),
    mass_unit=st.sampled_from(["t", "kg", "kt"]),
    groups=st.sets(LISTED, max_size=3).map(frozenset),
)


def come_back(row: dict[str, Any], terms: Terms) -> None:
    """Row to sentence to the same row, to the last digit, and to the same sentence."""
    told = sentence(row, terms)
    again = read_sentence(told, terms)
    assert again == row
    assert list(again) == list(columns("rules"))
    assert sentence(again, terms) == told


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), terms=ALL_TERMS)
def test_every_row_comes_back_from_its_sentence(kind: str, data: st.DataObject, terms: Terms) -> None:
    """Rows of each kind, whatever the names, lists, pools, bases, periods and numbers."""
    come_back(data.draw(rows(kind)), terms)


def test_names_that_are_words_of_the_sentence_come_back() -> None:
    """A subject that is called like a subject's phrase, a market like its pool."""
    come_back(full(THIRD | {"rule": "a", "subject": "the country x", "market": "together;by each of"}), TERMS)


def mined() -> Trade:
    """An ally's mine and a market of the allies, with all that rules of any kind read."""
    found = Trade(home="allies")
    found.site("mine", "AAA", owner="Alpha")
    found.site("market", "BBB", owner="Beta")
    for place in found.tables["places"]:
        found.add("groups", group="allies", member=place["place"])
        place["risk"] = 0.5
    found.goods("ore", element="Nd")
    found.seller("mine", 10.0, min_award=5.0)
    found.demand(100.0)
    found.add("awards_before", site="mine", material="ore", market="market", quantity=80.0)
    return found


TRACED = ("max_share", "min_share", "max_quantity", "min_quantity", "max_hhi")
"""Kinds that may count by origin."""

FLAGS: tuple[dict[str, str], ...] = ({}, {"home_in_base": "no"}, {"recycled_in_base": "no"}, {"stock_in_base": "yes"})


def combined() -> list[dict[str, Any]]:
    """One row of each kind, basis, base, subject_by, part of the base and market, whether it makes sense or not."""
    choices = {name: columns("rules")[name].choices for name in ("kind", "basis", "base", "subject_by")}
    found: list[dict[str, Any]] = []
    cases = itertools.product(itertools.product(*choices.values()), FLAGS, ("", "market"))
    for at, (cells, flags, market) in enumerate(cases):
        row: dict[str, Any] = dict(zip(choices, cells, strict=True))
        row |= {**flags, "market": market, "per": "year", "rule": f"r{at}"}
        average, priced = str(row["kind"]).endswith("_average"), len(found) % 2
        row |= {"attribute": "risk" if average else "", "penalty": 2.0 if priced else None, "limit": 1.0}
        found.append(row | ({"subject": "allies"} if row["subject_by"] == "group" else {}))
    return found


def test_every_row_that_check_accepts_has_a_sentence() -> None:
    """Of all kinds, bases, subjects and flags together: none is accepted of which no sentence speaks."""
    found, every = mined(), combined()
    with pytest.raises(planner.InputError) as caught:
        planner.from_frames(found.header, {**found.tables, "rules": every})
    refused = {problem.line for problem in caught.value.problems}
    accepted = [row for line, row in enumerate(every, start=2) if line not in refused]

    for row in accepted:
        come_back(full(row), TERMS)
    bases = ("purchases", "made", "origin")
    told = {(row["kind"], row["basis"]) for row in accepted}
    assert told == {(kind, basis) for kind in KINDS for basis in bases if basis != "origin" or kind in TRACED}


@settings(max_examples=200, deadline=None)
@given(text=st.sampled_from(list(EXAMPLES)), at=st.integers(0, 250), length=st.integers(0, 9), new=st.text(max_size=4))
def test_a_damaged_sentence_is_read_or_explained(text: str, at: int, length: int, new: str) -> None:
    """Nothing but a row that says itself, or a problem with its place."""
    damaged = text[:at] + new + text[at + length :]
    try:
        row = read_sentence(damaged, TERMS)
    except planner.InputError as error:
        (problem,) = error.problems
        assert problem.message
        assert 1 <= int(problem.place.removeprefix("character ")) <= len(damaged) + 1
    else:
        assert read_sentence(sentence(row, TERMS), TERMS) == row


def test_every_kind_and_basis_has_a_phrase() -> None:
    """A kind, or any other value that a rule's cell may take, is said by some phrase."""
    said = {
        (column, value) for phrases in PHRASES.values() for phrase in phrases for column, value in phrase.cells.items()
    }
    for name, column in columns("rules").items():
        assert {(name, value) for value in column.choices} <= said, name


FAULTS = {
    "At most 65 % of the oxide consumd by allies comes from any one country, each year.": (
        27,
        "'consumd' is no word of the sentence here; did you mean 'consumed'?",
    ),
    "cap: At most 65 t of the oxide bought comes from any one country, each month.": (
        72,
        "'month.' where 'period' or 'year' would be right",
    ),
    "At most 5 % of the Rest of the EU consumed comes from any one country, each year.": (
        32,
        "a name that holds a word of the sentence stands in double quotes",
    ),
    "cap: At most 12,5 % of the oxide": (14, "'12,5 % of' where a number, such as 65 %"),
    "At most 5 t of the oxide bought comes from any one site, each year; priced at 5 EUR per t too much.": (
        79,
        "'5 EUR per' where a number, such as 65 USD per t would be right",
    ),
    "At most 5 t of the oxide bought comes from any one site, each year": (67, "the sentence ends where '.'"),
    "Buy local.": (1, "'buy local.' where 'at most'"),
    "The average risk of the oxide bought is at most 5 USD, each year.": (
        51,
        "'USD, each year.' where ',' would be right",
    ),
    "": (1, "the sentence ends where 'at most'"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults_are_told_with_their_place(text: str) -> None:
    """The character from which on it is no sentence, and what would be right."""
    at, told = FAULTS[text]
    with pytest.raises(planner.InputError) as caught:
        read_sentence(text)
    (problem,) = caught.value.problems
    assert problem.place == f"character {at}"
    assert told in problem.message


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"base": ""}, "no sentence says kind 'max_share', basis 'purchases', base ''"),
        ({"kind": "max_quantity"}, "no sentence says kind 'max_quantity', basis 'purchases', base 'consumption'"),
        ({"basis": "made", "base": "purchases", "market": "allies"}, "says nothing of market 'allies'"),
        ({"kind": "max_quantity", "base": "", "home_in_base": "no"}, "says nothing of home_in_base 'no'"),
    ],
)
def test_a_rule_that_makes_no_sense_has_no_sentence(cells: dict[str, Any], told: str) -> None:
    """What check refuses is not written as if it meant something."""
    with pytest.raises(planner.PlannerError, match=told):
        sentence(THIRD | {"rule": "cap"} | cells)


@pytest.mark.parametrize("name", ["tutorial", "allied-magnets", "gallium-germanium"])
def test_rules_of_the_built_in_instances_come_back(name: str) -> None:
    """Rows as they stand in a table, NaN for an empty penalty."""
    instance = planner.load(name)
    told = sentences(instance)
    rows = [{str(name): value for name, value in row.items()} for row in instance["rules"].to_dict("records")]
    assert list(told) == [(row["rule"], row["from"]) for row in rows]
    read = [read_sentence(text, Terms.of(instance)) for text in told.values()]
    again = planner.from_frames(instance.header, {**instance.tables, "rules": read})
    assert again["rules"].equals(instance["rules"].reset_index(drop=True).set_axis(again["rules"].index))
