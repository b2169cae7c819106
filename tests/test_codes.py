"""Rows that find each other by whole numbers, in the checks and again in the verifier; bounds rounded down."""

import sys
import threading
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import planner
from mineral_sourcing.arrays import Index, Labels
from planner import codes
from planner.assembly.parts import Parts, units_of
from planner.instance import Instance
from planner.verify import frames, proof
from planner.verify.matrix import Model

WIDE = 2**40
"""Two columns of codes up to here do not fit one whole number: their keys are renumbered on the way."""


def test_repeated_keys_are_those_written_out() -> None:
    """Keys, look-ups and places in the index that they repeat, as of an index that holds every code."""
    labels = Labels(["a", "b", "c"]), Labels(["x", "y"]), Labels(range(3))
    of, at, step = (
        Index((labels[0], np.array([2, 0, 1])), (labels[1], np.array([0, 1, 1]))),
        np.array([1, 1, 0]),
        [0, 2, 1],
    )

    repeated = Index.repeated(of, at, (labels[2], np.array(step)))

    whole = Index((labels[0], np.array([0, 0, 2])), (labels[1], np.array([1, 1, 0])), (labels[2], np.array(step)))
    assert [*repeated] == [*whole] == [("a", "y", 0), ("a", "y", 2), ("c", "x", 1)]
    assert repeated.project((0, 1), of).tolist() == whole.project((0, 1), of).tolist() == at.tolist()
    assert repeated.find(whole.codes).tolist() == [0, 1, 2]
    assert [codes.tolist() for codes in repeated.codes[1:]] == [codes.tolist() for codes in whole.codes[1:]]
    assert (len(repeated), len(repeated.take(np.array([2])))) == (3, 1)


@pytest.fixture(params=[5, WIDE], ids=["narrow", "wide"])
def sides(request: pytest.FixtureRequest) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Two tables of three columns, drawn from a few codes, small or large."""
    random = np.random.default_rng(3)
    values = np.append(0, random.integers(1, request.param, 4))
    left, right = ([random.choice(values, size) for _ in range(3)] for size in (60, 40))
    return left, right


@pytest.mark.parametrize("module", [codes, frames])
def test_rows_join_as_pandas_merges_them(module: object, sides: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    """Every pair, in the order of the left rows, however large the codes."""
    left, right = (pd.DataFrame(dict(zip("abc", side, strict=True))).reset_index() for side in sides)
    merged = left.merge(right, on=list("abc"))[["index_x", "index_y"]]

    rows, others = module.join(*sides)  # type: ignore[attr-defined]

    assert sorted(zip(rows, others, strict=True)) == sorted(merged.itertuples(index=False, name=None))


@pytest.mark.parametrize("module", [codes, frames])
def test_groups_are_numbered_as_they_appear(module: object, sides: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    """As pandas numbers them; a row is repeated where its group has one before."""
    frame = pd.DataFrame(dict(zip("abc", sides[0], strict=True)))

    numbers, first = module.grouped(sides[0])  # type: ignore[attr-defined]

    assert numbers.tolist() == frame.groupby(list("abc"), sort=False).ngroup().tolist()
    assert first.tolist() == np.flatnonzero(~frame.duplicated()).tolist()
    assert module.repeated(sides[0]).tolist() == frame.duplicated().tolist()  # type: ignore[attr-defined]


def test_rows_are_found_where_they_stand_first(sides: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    """−1 where they do not."""
    left, right = (list(zip(*(column.tolist() for column in side), strict=True)) for side in sides)

    at = frames.find(*sides)

    assert at.tolist() == [right.index(row) if row in right else -1 for row in left]
    assert codes.contains(sides[1], sides[0]).tolist() == [row in right for row in left]


def test_nothing_is_found_in_nothing() -> None:
    """Empty tables on either side."""
    none = [np.zeros(0, dtype=np.int64)]
    some = [np.array([0, 1])]

    assert frames.find(some, none).tolist() == [-1, -1]
    assert frames.find(none, some).tolist() == []
    assert codes.contains(none, some).tolist() == [False, False]
    assert [part.tolist() for part in codes.join(some, none)] == [[], []]


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_is_never_above_the_exact_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that no binary fraction holds, sums that cancel: at most the bound in exact arithmetic, and near it."""
    random = np.random.default_rng(seed)
    rows, columns, entries = 30, 40, 200
    row, column = random.integers(0, rows, entries), random.integers(0, columns, entries)
    coefficient, y = random.normal(size=entries) * 10.0 ** random.integers(-4, 5, entries), random.normal(size=rows)
    upper, right = random.uniform(1, 1e4, columns), random.normal(size=rows) * 1e3
    cost = frames.summed(column, coefficient * y[row], columns)  # every reduced cost is 0, but for its roundings
    model = Model(row, column, coefficient, np.zeros(columns), upper, cost, right, right)
    monkeypatch.setattr(proof, "implied_limits", lambda *_: upper)

    bound = proof.dual_bound(model, y, 0.1)

    reduced = [Fraction(value) for value in cost.tolist()]
    for i, j, a in zip(row.tolist(), column.tolist(), coefficient.tolist(), strict=True):
        reduced[j] -= Fraction(a) * Fraction(y[i])
    exact = Fraction(0.1) + sum(Fraction(a) * Fraction(b) for a, b in zip(y.tolist(), right.tolist(), strict=True))
    exact += sum(min(Fraction(0), d) * Fraction(u) for d, u in zip(reduced, upper.tolist(), strict=True))
    assert Fraction(bound) <= exact
    assert bound == pytest.approx(float(exact), rel=1e-6, abs=1e-3)


def test_threads_give_no_two_texts_one_code() -> None:
    """Several solves of one instance at once ask for codes of texts that are new."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(50):
            made = codes.Codes({})

            def work(name: str, made: codes.Codes = made) -> None:
                for number in range(300):
                    made.code(f"{name} {number}")

            threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(made) == 1201
            texts = [f"{name} {number}" for name in "abcd" for number in range(300)]
            assert [made.text(made.code(text)) for text in texts] == texts
    finally:
        sys.setswitchinterval(interval)


def test_units_of_the_smallest_number_there_is() -> None:
    """A demand of 5e-324 has units too: no error of arithmetic, and a mass above 0."""
    given = planner.load("tutorial")
    tables = {
        "demands": given["demands"].assign(quantity=5e-324),
        "offers": given["offers"].assign(capacity=float("nan")),
    }
    assert units_of(Instance(given.header, {**given.tables, **tables})).mass > 0


def test_texts_that_nobody_has_read_yet_have_no_label() -> None:
    """The first column asked for is coded with it: names that are none of the labels get −1."""
    given = planner.load("tutorial")
    parts = Parts(Instance(given.header, given.tables))

    found = parts.codes("lanes", "origin", Labels(["nowhere"]))

    assert found.tolist() == [-1] * len(given["lanes"])
