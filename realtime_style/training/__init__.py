"""From a painting to a style file. The only part of the package that needs PyTorch."""
