"""The mathematics of the planner: a Network in, a Pyomo model out."""
