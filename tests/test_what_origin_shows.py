"""A cap on the last seller leaves most of the element from where it came; a cap on origin does not."""

import importlib.util
from pathlib import Path

import planner

SCRIPT = Path(__file__).parents[1] / "instances" / "allied-magnets" / "what_origin_shows.py"


def test_the_last_seller_is_not_the_origin() -> None:
    """With 30 % by last seller China's NdPr is far above 30 % of that in the allies' magnets, however it is assigned;
    with 30 % by origin it is at most that, and mixed in proportion it would be more.
    """
    spec = importlib.util.spec_from_file_location("what_origin_shows", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    instance = planner.load("allied-magnets")
    naive, traced = (
        script.shares(planner.solve(script.with_rules(instance, *script.CASES[name])))
        for name in ("the same, origin looked at", "30 % by origin")
    )

    assert (naive["assigned"] > 0.5).all()
    assert (traced["assigned"] <= script.SHARE + 1e-6).all()
    assert (traced["mixed"] > traced["assigned"]).all()
