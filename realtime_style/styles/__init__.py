"""Styles: the file format, the catalogue, mixes and cross-fades. Listing them loads no engine."""
