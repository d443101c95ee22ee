"""The kiosk: a touch screen for visitors that runs unattended."""
