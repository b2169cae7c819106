"""The documentation: its pages, and what writes and builds them."""
