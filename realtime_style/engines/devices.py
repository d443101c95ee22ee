"""What ``--device`` and ``--backend`` take. Alone in a module, so that the parser needs neither engines nor OpenCV."""

DEVICES = ("auto", "cuda", "openvino", "cpu")
