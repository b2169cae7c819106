"""Workbooks: an instance to fill in, a workbook returned with its problems marked, a plan to read."""
