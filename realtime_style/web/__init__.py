"""Web pages for the local network, each in a process of its own: the extra ``web`` of the package."""
