"""The naive way, written out on purpose with its mistakes, as something to measure against."""
