"""Files in, files out: ``realtime-style video`` and ``realtime-style image``."""
