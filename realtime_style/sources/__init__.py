"""Where frames come from: cameras, clips, pictures, the test pattern.

:func:`~realtime_style.sources.open_source.open_source` gives every frame there is,
:func:`~realtime_style.sources.camera.open_camera` the newest one.
"""
