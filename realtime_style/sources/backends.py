"""Ways into a camera that --backend takes. Alone in a module, so that the parser needs no OpenCV."""

CAMERA_BACKENDS = ("auto", "v4l2", "msmf", "dshow", "avfoundation", "gstreamer", "any")
"""Ways into a camera, as OpenCV's CAP_... are called; auto: the first that is the operating system's own."""
