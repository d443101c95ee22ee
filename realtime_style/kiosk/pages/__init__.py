"""Web pages for visitors' and the host's phones."""
