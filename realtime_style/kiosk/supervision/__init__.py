"""Watchdog, heartbeat, single instance, and the numbers that outlast a restart."""
