"""The open-day kiosk: a screen that runs alone."""
