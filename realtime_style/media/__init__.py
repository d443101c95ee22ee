"""Picture and video files, by FFmpeg (PyAV) and Pillow: reading, writing, times, colours, sound."""
