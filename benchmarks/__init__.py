"""Measurements: how long data take to become a plan, beside what else could be used."""
