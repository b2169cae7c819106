"""What is told of a plan: facts, figures, the report."""
