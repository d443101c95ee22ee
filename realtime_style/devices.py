"""The devices that ``--device`` takes. Alone in a module, so that the parser needs none of the engines."""

DEVICES = ("auto", "cuda", "openvino", "cpu")
