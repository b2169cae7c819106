"""Checks that span tables, by subject; ``planner.check`` lists and runs them."""
