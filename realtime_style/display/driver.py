"""SDL's connection to the screen, by pygame-ce; words for why there is none."""

from __future__ import annotations

import os
import sys

from realtime_style.errors import DisplayUnavailable

WINDOW_CLASS = "realtime-style"
"""Name by which desktops know all windows of this program."""

_BLIND = ("dummy", "offscreen", "evdev")  # what SDL takes when there is no screen
_SETTINGS = {
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",  # a library does not print
    "SDL_NO_SIGNAL_HANDLERS": "1",  # Ctrl-C is the program's
    "SDL_RENDER_SCALE_QUALITY": "1",  # smooth
    "SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS": "0",
    "SDL_VIDEO_X11_WMCLASS": WINDOW_CLASS,
    "SDL_VIDEO_WAYLAND_WMCLASS": WINDOW_CLASS,
    "SDL_WINDOWS_DPI_AWARENESS": "permonitorv2",  # pixels, not what Windows makes of them
}
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
_REMEDY = "start it from a desktop (webcam can do without a window: --no-window --record out.mp4)"


def open_driver() -> None:
    """Connect to the screen, if this has not been done yet. Raises DisplayUnavailable."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import pygame
    except ImportError as error:
        raise DisplayUnavailable(
            f"no window without pygame-ce ({error}); try: pip install --force-reinstall pygame-ce"
        ) from error
    if pygame.display.get_init():
        return
    if sys.platform == "linux" and not any(map(os.environ.get, _SCREENS)):
        # Not left to SDL: libwayland complains on stderr without an address.
        raise DisplayUnavailable(f"no screen: {_reason('')}; {_REMEDY}")
    try:
        pygame.display.init()
    except pygame.error as error:
        raise DisplayUnavailable(f"no screen: {_reason(str(error))}; {_REMEDY}") from error
    driver = pygame.display.get_driver()
    if driver in _BLIND and not os.environ.get("SDL_VIDEODRIVER"):
        pygame.display.quit()
        raise DisplayUnavailable(f"no screen: {_reason(f'SDL found only {driver}')}; {_REMEDY}")


def close_driver() -> None:
    """Disconnect from the screen."""
    import pygame

    pygame.display.quit()


def _reason(problem: str) -> str:
    """Why there is no screen: SDL itself only says that it found none."""
    if sys.platform != "linux":
        return problem
    x11, wayland = os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY")
    if x11:
        return f"cannot connect to X server DISPLAY={x11}"
    if wayland:
        return f"cannot connect to Wayland WAYLAND_DISPLAY={wayland}"
    return "neither DISPLAY nor WAYLAND_DISPLAY is set"
