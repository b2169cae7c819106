"""The planner in a browser: data, plan, what if, compare; every visitor at a desk of their own."""
