"""Answers beside the plan: what changes if …, and what lies between two plans."""
