"""The kiosk's window and its screens."""
