"""Measures Moodlist against the naive way on the same tables (see README.md here)."""
