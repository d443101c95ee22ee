"""What a style is: the file format, the catalogue, mixes, cross-fades. Listing styles loads no engine."""
