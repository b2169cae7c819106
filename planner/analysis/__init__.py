"""Answers beyond one plan: each a frozen object with tidy tables and a sentence."""
