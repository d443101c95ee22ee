"""From a frame to a painted frame: one file, any mix of styles, and what keeps video steady."""
