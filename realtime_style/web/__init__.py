"""Web pages, each served by a process of its own."""
