"""Measured comparisons: the product against the limit of reading and against a tuned DuckDB query."""
