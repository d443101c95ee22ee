"""The live window.

Everything here belongs to one thread, the main one: window systems insist.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from realtime_style.errors import DisplayUnavailable
from realtime_style.frames import Frame, check_frame
from realtime_style.sinks.base import Sink

# GUI_NORMAL: without OpenCV's toolbar and its own keys.
_FLAGS = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
_LARGEST_WH = (
    1280,
    720,
)  # px at the start: OpenCV does not tell how large the screen is, and a phone's clip is 1920 px high
_WAKE_S = 0.3  # as long as the tries took that all went well
_WITHOUT = "or go without a window: --no-window --record out.mp4"
_FONTS = (Path("/usr/share/fonts/truetype"), Path("/usr/share/fonts"))

# What waitKeyEx gives for keys that are no characters: X11 (Qt and GTK), Windows, macOS.
_KEYS = {
    27: "esc", 32: "space", 13: "enter", 10: "enter", 9: "tab", 8: "backspace", 127: "delete",
    0xFF1B: "esc", 0xFF0D: "enter", 0xFF8D: "enter", 0xFF09: "tab", 0xFF08: "backspace", 0xFFFF: "delete",
    0xFF51: "left", 0xFF52: "up", 0xFF53: "right", 0xFF54: "down", 0xFFC8: "f11",
    0x250000: "left", 0x260000: "up", 0x270000: "right", 0x280000: "down", 0x2E0000: "delete", 0x7A0000: "f11",
    0xF702: "left", 0xF700: "up", 0xF703: "right", 0xF701: "down",
    0xFFAB: "+", 0xFFAD: "-",
}  # fmt: skip


class Window(Sink):
    """A window that shows the last frame written to it, scaled to the window, its shape kept.

    Raises DisplayUnavailable where no window can be opened. Keys come in, and the window is drawn, only inside `poll_key`:
    call it once per frame. When a person closes the window `closed` becomes True and further frames are ignored.
    """

    def __init__(self, title: str, *, fullscreen: bool = False) -> None:
        require_display()
        _quiet_qt()
        self._title = title
        self._closed = False
        self._sized = False
        if cv2.currentUIFramework() == "QT":
            _wake_qt(title)
        cv2.namedWindow(title, _FLAGS)
        self.fullscreen = fullscreen
        """Whether it fills the screen."""
        if fullscreen:
            self.set_fullscreen(True)

    def write(self, frame: Frame) -> None:
        check_frame(frame)
        if self.closed:
            return
        if not self._sized and not self.fullscreen:
            cv2.resizeWindow(self._title, *_window_wh(frame.shape[1], frame.shape[0]))
            self._sized = True
        cv2.imshow(self._title, frame)

    def poll_key(self, wait_ms: int = 1) -> str | None:
        """Draw, and wait up to `wait_ms` milliseconds (at least 1) for a key.

        Returns the character it types, letters always small, or a name: ``left right up down space esc enter tab backspace
        delete f11``; None for no key, or one without a name here.
        """
        if self.closed:
            return None
        return key_name(cv2.waitKeyEx(max(1, wait_ms)))

    @property
    def closed(self) -> bool:
        """Whether it was closed, by a person or by `close`."""
        if not self._closed:
            self._closed = _is_gone(self._title)
        return self._closed

    def set_fullscreen(self, on: bool) -> None:
        """Fill the screen, or be a window again."""
        if self.closed:
            return
        self.fullscreen = on
        cv2.setWindowProperty(
            self._title, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN if on else cv2.WINDOW_NORMAL
        )

    def close(self) -> None:
        if not self.closed:
            cv2.destroyWindow(self._title)
            cv2.waitKey(1)  # lets the window system do it
        self._closed = True


def _window_wh(width: int, height: int) -> tuple[int, int]:
    """How large a window for pictures of this size begins."""
    scale = min(1.0, _LARGEST_WH[0] / width, _LARGEST_WH[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def key_name(code: int) -> str | None:
    """What `cv2.waitKeyEx` returned, as a character (letters small) or the name of a key; None for anything else."""
    if code < 0:
        return None
    for candidate in (code, code & 0xFFFF):  # GTK adds Shift, Num Lock ... in higher bits
        if candidate in _KEYS:
            return _KEYS[candidate]
        if 32 < candidate < 127:
            return chr(candidate).lower()
    return None


def require_display() -> None:
    """Raise DisplayUnavailable if a window cannot be opened.

    To be called before anything that opens one: without a screen, Qt ends the whole process instead of reporting.
    """
    if "GUI: NONE" in " ".join(cv2.getBuildInformation().split()):
        raise DisplayUnavailable(
            "this OpenCV was built without windows (opencv-python-headless); "
            f"try: pip uninstall opencv-python-headless && pip install --force-reinstall opencv-python, {_WITHOUT}"
        )
    if sys.platform != "linux":
        return
    display = os.environ.get("DISPLAY")
    if not display:
        if os.environ.get("WAYLAND_DISPLAY") and not _needs_x11():
            return
        wayland = " (this OpenCV needs XWayland)" if os.environ.get("WAYLAND_DISPLAY") else ""
        raise DisplayUnavailable(
            f"no screen: DISPLAY is not set{wayland}; run it from a desktop, {_WITHOUT}"
        )
    if not _x11_answers():
        raise DisplayUnavailable(
            f"no screen: nothing answers, or lets us in, at DISPLAY={display}; check it, {_WITHOUT}"
        )


def _needs_x11() -> bool:
    """The wheels from PyPI carry Qt with one way to a screen, X11."""
    platforms = Path(cv2.__file__).parent / "qt" / "plugins" / "platforms"
    return platforms.is_dir() and not any(
        "wayland" in plugin.name for plugin in platforms.iterdir()
    )


def _x11_answers() -> bool:
    """Connect to $DISPLAY as a window will, with the same library, and hang up."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return not _needs_x11()  # Qt's X11 plug-in could not be loaded either
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answers: bool = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers


def _quiet_qt() -> None:
    """The Qt inside the wheels has no fonts and says so for every window; its plug-ins are X11's, whatever the desktop."""
    if cv2.currentUIFramework() != "QT" or not _needs_x11():
        return
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    if not Path(os.environ.get("QT_QPA_FONTDIR", "")).is_dir() or not os.environ.get(
        "QT_QPA_FONTDIR"
    ):
        fonts = next((folder for folder in _FONTS if folder.is_dir()), None)
        if fonts is not None:
            os.environ["QT_QPA_FONTDIR"] = str(fonts)
        else:
            os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")


def _wake_qt(title: str) -> None:
    """Open a window, show something, and close it again.

    With OpenCV 5.0 on X11 about one in six processes never draws its first window, which stays black for good while keys
    and frames go on; bare OpenCV does so as well. The second window of a process was drawn in 74 of 74 starts.
    """
    cv2.namedWindow(title, _FLAGS)
    cv2.resizeWindow(title, 64, 64)
    cv2.imshow(title, np.zeros((64, 64, 3), np.uint8))
    cv2.waitKey(1)
    time.sleep(_WAKE_S)
    cv2.destroyWindow(title)
    cv2.waitKey(20)


def _is_gone(title: str) -> bool:
    try:
        return cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1
    except cv2.error:  # GTK and Windows raise for a window that was closed
        return True
