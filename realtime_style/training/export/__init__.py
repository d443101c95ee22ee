"""From a trained network to a style file."""
