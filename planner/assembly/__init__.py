"""Checked tables into the arrays of ``mineral_sourcing.network``: ``assemble``, and a module a kind of thing."""
