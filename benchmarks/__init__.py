"""Measurements of what the tests do not time."""
