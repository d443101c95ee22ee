"""The workshop where style files are made; run from a checkout with ``python -m export``."""
