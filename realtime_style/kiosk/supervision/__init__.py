"""The watchdog and the numbers it keeps."""
