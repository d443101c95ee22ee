"""From a checkpoint to a style file."""
