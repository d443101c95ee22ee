# The public names, each listed here alone: __init__.py finds their modules in this file.
from .display.window import Window as Window
from .errors import RealtimeStyleError as RealtimeStyleError
from .media.images import Picture as Picture
from .media.images import read_image as read_image
from .media.images import write_image as write_image
from .media.video_writer import VideoWriter as VideoWriter
from .sources.camera import open_camera as open_camera
from .sources.open_source import open_source as open_source
from .styles.catalog import StyleRef as StyleRef
from .styles.catalog import find_style as find_style
from .styles.catalog import list_styles as list_styles
from .styles.format import StyleInfo as StyleInfo
from .styles.format import StyleMetadata as StyleMetadata
from .styles.mix import parse_mix as parse_mix
from .stylize.style_model import StyleModel as StyleModel
from .stylize.stylizer import Stylizer as Stylizer
from .webcam.app import run_webcam as run_webcam
from .webcam.options import WebcamOptions as WebcamOptions

__all__: list[str]
__version__: str
