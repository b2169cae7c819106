"""A solution into the plan's tables: ``tabulate``, and a module a table or family of tables."""
