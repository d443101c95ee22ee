"""What runs a style file: one file for each engine, and the table of them."""
