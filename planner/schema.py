"""Bounds of the input columns as JSON Schema says them, for every writer of schemas and templates."""

from functools import cache
from typing import Any

from planner.tables import TABLES

BOUNDS = {"minimum": "minimum", "exclusiveMinimum": "exclusiveMinimum", "maximum": "maximum"} | {
    "exclusiveMaximum": "exclusiveMaximum",
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
"""Bounds in the schemas of the row models: the short ones where a check of our own stands before pydantic's."""


@cache
def bounds(table: str) -> dict[str, dict[str, float]]:
    """Bounds of every column of a table by JSON Schema's names; an empty mapping where there are none.

    Raises:
        KeyError: the table is unknown.
    """
    properties: dict[str, Any] = TABLES[table].model_json_schema(by_alias=True)["properties"]
    return {
        name: {
            BOUNDS[key]: value
            for part in (schema, *schema.get("anyOf", ()))
            for key, value in part.items()
            if key in BOUNDS
        }
        for name, schema in properties.items()
    }
