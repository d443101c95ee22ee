"""A web page served by a process of its own."""
