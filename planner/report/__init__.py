"""What every writer says of a plan."""
