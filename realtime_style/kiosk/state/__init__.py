"""Scenes, events and transitions of the kiosk: plain values and pure functions."""
