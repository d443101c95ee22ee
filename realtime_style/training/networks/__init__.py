"""The transformation network and its layers."""
