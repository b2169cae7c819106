"""Units of the columns of a plan's tables, and how a workbook shows their numbers."""

from planner.plan import TEXT

TONNES = frozenset(
    (
        *("quantity", "arriving", "from_quantity", "activity", "input", "output", "opening", "fill", "release", "loss"),
        *("closing", "demand", "unmet", "consumed", "stock", "need", "base", "largest", "consumption"),
    )
)
MONEY = frozenset(
    ("freight", "duty", "cost", "holding_cost", "unmet_cost", "amount", "present_value", "penalty", "held")
)
PRICES = frozenset(("price", "shadow_price", "shadow_price_undiscounted"))
DAYS = frozenset(("days", "required_days"))
BY_ROW = frozenset(("limit", "actual", "slack"))
"""Columns of ``rules`` whose unit stands in the row: a share, tonnes, suppliers, money or an attribute."""

AMOUNT, WHOLE, RATE, PERCENT, FACTOR, FINE = "#,##0.0", "#,##0", "#,##0.00", "0.0%", "0.0000", "#,##0.00##"
"""Forms of numbers: tonnes, money, prices, shares, factors, limits in a unit of their own."""


def unit(table: str, column: str, currency: str) -> str:
    """Unit of a column; empty where it has none or where each row has its own."""
    if column.startswith("shadow_price"):
        per = f"{currency}/t" if table == "cover" else f"{currency}/unit"
        return per if column.endswith("undiscounted") else f"{per}, present value"
    if column in TEXT or (table, column) in (("rules", "quantity"), ("rules", "base")):
        return ""
    for columns, told in ((TONNES, "t"), (MONEY, currency), (PRICES, f"{currency}/t"), (DAYS, "d")):
        if column in columns:
            return told
    if column == "share" or column.startswith("of_"):
        return "%"
    return {"hhi": "0 to 1", "discount_factor": "–"}.get(column, "")


def title(table: str, column: str, currency: str) -> str:
    """Heading of a column: ``quantity [t]``."""
    told = unit(table, column, currency)
    return f"{column} [{told}]" if told else column


def form(column: str, unit_of_row: str = "") -> str:
    """Form of the numbers of a column."""
    if column in BY_ROW:
        return {"share": PERCENT, "suppliers": WHOLE, "t": AMOUNT}.get(unit_of_row, FINE)
    forms = ((TONNES | {"excess"}, AMOUNT), (MONEY, WHOLE), (PRICES, RATE), (DAYS, AMOUNT))
    found = next((told for columns, told in forms if column in columns), "General")
    if column == "share" or column.startswith("of_"):
        return PERCENT
    return {"hhi": FACTOR, "discount_factor": FACTOR}.get(column, found)
