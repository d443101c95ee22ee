"""Web pages of the kiosk: visitors' pictures, and the host's phone page."""
