"""Where frames go: windows, recordings, virtual cameras, browsers."""
