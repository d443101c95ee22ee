"""Engines run a style file. :mod:`table` lists them, :mod:`devices` has one file for each."""
