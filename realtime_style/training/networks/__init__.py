"""Transformation network, its layers and its architecture strings."""
