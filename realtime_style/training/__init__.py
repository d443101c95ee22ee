"""Training: from paintings to a style file. The only package that imports PyTorch."""
