"""Photographs and paintings as training data, and their augmentation."""
