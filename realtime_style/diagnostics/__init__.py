"""Diagnostics: what works on this machine, and how fast it paints."""
