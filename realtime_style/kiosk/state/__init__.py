"""State, events and transitions: pure functions of values."""
