"""Where frames go: windows, recordings, snapshots, virtual cameras, browsers, streams."""
