"""Answers about plans: one module a question."""
