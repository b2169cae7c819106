"""Published problems with known optima, put into the planner's own tables."""
