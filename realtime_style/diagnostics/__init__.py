"""How fast this machine paints, and what works on it."""
