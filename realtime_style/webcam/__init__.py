"""The live window: `realtime-style webcam`."""
