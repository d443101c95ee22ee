"""The one window of the live programs: pictures, sprites above them, text, keys and touches."""
