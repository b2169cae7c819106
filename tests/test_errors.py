"""Errors go from a worker process to the one that asked, whole."""

import pickle

from planner.errors import InputError, Problem


def test_an_input_error_survives_the_way_between_processes() -> None:
    """Name, problems, warnings and text."""
    error = InputError(
        "mine", [Problem("lanes", 3, "loss", "2", "is above 1")], [Problem("sites", None, "", "", "odd")]
    )
    other = pickle.loads(pickle.dumps(error))
    assert (other.name, other.problems, other.warnings, str(other)) == (
        error.name,
        error.problems,
        error.warnings,
        str(error),
    )
