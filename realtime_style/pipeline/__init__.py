"""Source to stylizer to sinks, one frame after the other."""
