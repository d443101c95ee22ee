"""Fakes and small style files for tests, the project's own and its users'."""
