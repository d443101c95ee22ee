"""The kiosk over hours, its pace, and pictures of its screens: `python -m benchmarks.kiosk`."""
