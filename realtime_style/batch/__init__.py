"""Files in, files out: `realtime-style video` and `image`."""
