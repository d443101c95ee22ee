"""What ``--device`` and ``--backend`` take. Alone in a module, so that the parser needs neither engines nor OpenCV."""

DEVICES = ("auto", "cuda", "openvino", "cpu")

CAMERA_BACKENDS = ("auto", "v4l2", "msmf", "dshow", "avfoundation", "gstreamer", "any")
"""Ways into a camera, as OpenCV's CAP_... are called; auto: the first that is the operating system's own."""
