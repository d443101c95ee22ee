"""The kiosk's screen, by SDL: the live picture, still images above it, and touches, clicks and keys.

Everything here belongs to one thread, the main one: window systems insist.
"""

from __future__ import annotations

import ctypes
import os
import time
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from realtime_style.errors import DisplayUnavailable
from realtime_style.frames import Frame
from realtime_style.kiosk.ui.text import Box

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says which SDL it found
    import sdl2

_BLIND = (
    b"dummy",
    b"offscreen",
    b"evdev",
)  # what SDL takes when there is no screen, unless somebody asked for it
_GL_RENDERER = 0x1F01
_SOFTWARE_GL = (b"llvmpipe", b"softpipe", b"swrast", b"SwiftShader")
_POINTER_S = 3.0  # a mouse that was moved is seen for so long
_KEPT = 60  # frames for which a texture that is not shown is kept

_NAMES = {
    sdl2.SDLK_ESCAPE: "esc",
    sdl2.SDLK_RETURN: "enter",
    sdl2.SDLK_KP_ENTER: "enter",
    sdl2.SDLK_SPACE: "space",
    sdl2.SDLK_BACKSPACE: "backspace",
    sdl2.SDLK_LEFT: "left",
    sdl2.SDLK_RIGHT: "right",
    sdl2.SDLK_UP: "up",
    sdl2.SDLK_DOWN: "down",
    sdl2.SDLK_F4: "f4",
    **{getattr(sdl2, f"SDLK_KP_{digit}"): str(digit) for digit in range(10)},
}

# By their place: above the letters of a French or Belgian keyboard there are signs, and digits with Shift.
_DIGITS = {getattr(sdl2, f"SDL_SCANCODE_{digit}"): str(digit) for digit in range(10)}


@dataclass(frozen=True)
class Image:
    """A still image to lay over the picture, with what is see-through in it. Told apart by identity."""

    bgra: npt.NDArray[np.uint8]
    """(H, W, 4) uint8."""


@dataclass(frozen=True)
class Sprite:
    """An image and the place for it, px of the screen; it is scaled to fit."""

    image: Image
    box: Box


@dataclass(frozen=True)
class Press:
    """A finger or the mouse button came down."""

    x: int
    y: int


@dataclass(frozen=True)
class Drag:
    """It moved while down."""

    x: int
    y: int


@dataclass(frozen=True)
class Release:
    """It went up."""


@dataclass(frozen=True)
class Key:
    """A key went down: the small letter or digit on it, or a name such as ``left``, ``enter``, ``esc``."""

    name: str


@dataclass(frozen=True)
class CloseAsked:
    """Somebody asked the window system to close the window."""


Input = Press | Drag | Release | Key | CloseAsked


@dataclass
class _Texture:
    """What SDL draws for an image, which is held so that no other gets its identity."""

    image: Image
    texture: Any
    shown: int
    """The last frame that it was in."""


class Stage:
    """A window that fills the screen and that visitors cannot close. Raises DisplayUnavailable."""

    def __init__(
        self, title: str, *, fullscreen: bool = True, size_wh: tuple[int, int] = (1280, 720)
    ) -> None:
        for name, value in (
            (sdl2.SDL_HINT_WINDOWS_NO_CLOSE_ON_ALT_F4, b"1"),
            (sdl2.SDL_HINT_VIDEO_MINIMIZE_ON_FOCUS_LOSS, b"0"),
            (
                sdl2.SDL_HINT_TOUCH_MOUSE_EVENTS,
                b"1",
            ),  # a finger is a mouse with one button: one way through all that follows
            (sdl2.SDL_HINT_RENDER_SCALE_QUALITY, b"1"),
            (sdl2.SDL_HINT_NO_SIGNAL_HANDLERS, b"1"),  # Ctrl-C is the program's
        ):
            sdl2.SDL_SetHint(name, value)
        if sdl2.SDL_InitSubSystem(sdl2.SDL_INIT_VIDEO) != 0:
            raise DisplayUnavailable(
                f"no screen for the kiosk: {_error()}; start it from a desktop"
            )
        if (driver := sdl2.SDL_GetCurrentVideoDriver()) in _BLIND and not os.environ.get(
            "SDL_VIDEODRIVER"
        ):
            sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_VIDEO)
            raise DisplayUnavailable(
                f"no screen for the kiosk: SDL found only {driver.decode()}; start it from a desktop"
            )
        self._open(title, fullscreen, size_wh)
        if (
            self._renderer
            and not os.environ.get("SDL_RENDER_DRIVER")
            and _without_chip(self._renderer)
        ):
            # SDL's own drawing, straight into the window's memory, takes half the time of an OpenGL without a chip.
            self._close_window()
            sdl2.SDL_SetHint(sdl2.SDL_HINT_FRAMEBUFFER_ACCELERATION, b"0")
            self._open(title, fullscreen, size_wh, sdl2.SDL_RENDERER_SOFTWARE)
        if not self._renderer:
            problem = _error()
            sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_VIDEO)
            raise DisplayUnavailable(
                f"no window for the kiosk: {problem}; check the graphics driver"
            )
        sdl2.SDL_DisableScreenSaver()
        self._hides_pointer = fullscreen
        self._pointer_until = float("-inf")
        self.show_pointer(not fullscreen)
        self._video: Any = None
        self._video_wh = (0, 0)
        self._images: OrderedDict[int, _Texture] = OrderedDict()
        self._frame = 0
        self._down = False

    def _open(self, title: str, fullscreen: bool, size_wh: tuple[int, int], how: int = 0) -> None:
        flags = sdl2.SDL_WINDOW_RESIZABLE | (
            sdl2.SDL_WINDOW_FULLSCREEN_DESKTOP if fullscreen else 0
        )
        where = sdl2.SDL_WINDOWPOS_CENTERED
        mode = sdl2.SDL_DisplayMode()
        if fullscreen and sdl2.SDL_GetDesktopDisplayMode(0, mode) == 0:
            size_wh = (
                mode.w,
                mode.h,
            )  # where there is no window manager to hear of a full screen, it has the size all the same
        self._window = sdl2.SDL_CreateWindow(title.encode(), where, where, *size_wh, flags)
        self._renderer = self._window and sdl2.SDL_CreateRenderer(self._window, -1, how)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height, px."""
        width, height = ctypes.c_int(), ctypes.c_int()
        sdl2.SDL_GetRendererOutputSize(self._renderer, width, height)
        return width.value, height.value

    def show_pointer(self, on: bool) -> None:
        """Whether the mouse pointer is to be seen: fingers have none. On a full screen it is while a mouse is used."""
        sdl2.SDL_ShowCursor(sdl2.SDL_ENABLE if on else sdl2.SDL_DISABLE)

    def show(self, picture: Frame | None, box: Box, sprites: Sequence[Sprite] = ()) -> None:
        """Put the picture (H, W, 3) uint8 BGR into `box`, images above it in their order, black elsewhere.

        Raises DisplayUnavailable when the driver does not do so any more; the screen would stay black.
        """
        sdl2.SDL_SetRenderDrawColor(self._renderer, 0, 0, 0, 255)
        sdl2.SDL_RenderClear(self._renderer)
        if picture is not None:
            _done(
                sdl2.SDL_RenderCopy(self._renderer, self._video_of(picture), None, _rect(box)) == 0
            )
        for sprite in sprites:
            _done(
                sdl2.SDL_RenderCopy(
                    self._renderer, self._texture_of(sprite.image), None, _rect(sprite.box)
                )
                == 0
            )
        sdl2.SDL_RenderPresent(self._renderer)
        self._forget_textures(before=self._frame - _KEPT)
        self._frame += 1

    def inputs(self) -> list[Input]:
        """What visitors did since the last call. Call it once per frame: it also keeps the window alive."""
        found: list[Input] = []
        event = sdl2.SDL_Event()
        while sdl2.SDL_PollEvent(event):
            if self._hides_pointer and event.type in (
                sdl2.SDL_MOUSEMOTION,
                sdl2.SDL_MOUSEBUTTONDOWN,
            ):
                by_mouse = event.motion.which != sdl2.SDL_TOUCH_MOUSEID
                self._pointer_until = (
                    time.perf_counter() + _POINTER_S if by_mouse else float("-inf")
                )
            match event.type:
                case sdl2.SDL_MOUSEBUTTONDOWN if event.button.button == sdl2.SDL_BUTTON_LEFT:
                    self._down = True
                    found.append(Press(event.button.x, event.button.y))
                case sdl2.SDL_MOUSEMOTION if self._down:
                    found.append(Drag(event.motion.x, event.motion.y))
                case sdl2.SDL_MOUSEBUTTONUP if event.button.button == sdl2.SDL_BUTTON_LEFT:
                    self._down = False
                    found.append(Release())
                case sdl2.SDL_KEYDOWN if not event.key.repeat and (
                    name := _key_name(event.key.keysym)
                ):
                    found.append(Key(name))
                case sdl2.SDL_QUIT:
                    found.append(CloseAsked())
                case sdl2.SDL_RENDER_TARGETS_RESET | sdl2.SDL_RENDER_DEVICE_RESET:
                    self._forget_textures()
                    self._forget_video()
        if self._hides_pointer:
            self.show_pointer(time.perf_counter() < self._pointer_until)
        return found

    def close(self) -> None:
        """Give the screen back. Further calls do nothing."""
        if self._window is None:
            return
        self._forget_textures()
        self._forget_video()
        self._close_window()
        sdl2.SDL_EnableScreenSaver()
        sdl2.SDL_QuitSubSystem(sdl2.SDL_INIT_VIDEO)

    def _close_window(self) -> None:
        sdl2.SDL_DestroyRenderer(self._renderer)
        sdl2.SDL_DestroyWindow(self._window)
        self._window = None

    def _video_of(self, picture: Frame) -> Any:
        height, width = picture.shape[:2]
        if self._video is None or self._video_wh != (width, height):
            if self._video is not None:
                sdl2.SDL_DestroyTexture(self._video)
            streaming = sdl2.SDL_TEXTUREACCESS_STREAMING
            self._video = sdl2.SDL_CreateTexture(
                self._renderer, sdl2.SDL_PIXELFORMAT_BGR24, streaming, width, height
            )
            _done(bool(self._video))
            self._video_wh = (width, height)
        pixels = np.ascontiguousarray(picture)
        _done(sdl2.SDL_UpdateTexture(self._video, None, _address(pixels), 3 * width) == 0)
        return self._video

    def _texture_of(self, image: Image) -> Any:
        """Made when an image is first shown. A visitor's card shall not stay long after it."""
        if (known := self._images.get(id(image))) is not None:
            known.shown = self._frame
            self._images.move_to_end(id(image))
            return known.texture
        height, width = image.bgra.shape[:2]
        static = sdl2.SDL_TEXTUREACCESS_STATIC
        texture = sdl2.SDL_CreateTexture(
            self._renderer, sdl2.SDL_PIXELFORMAT_BGRA32, static, width, height
        )
        _done(bool(texture))
        pixels = np.ascontiguousarray(image.bgra)
        _done(sdl2.SDL_UpdateTexture(texture, None, _address(pixels), 4 * width) == 0)
        sdl2.SDL_SetTextureBlendMode(texture, sdl2.SDL_BLENDMODE_BLEND)
        self._images[id(image)] = _Texture(image, texture, self._frame)
        return texture

    def _forget_textures(self, before: float = float("inf")) -> None:
        """Give up those that were last shown before that frame; the longest ago are in front."""
        while self._images and next(iter(self._images.values())).shown < before:
            _, oldest = self._images.popitem(last=False)
            sdl2.SDL_DestroyTexture(oldest.texture)

    def _forget_video(self) -> None:
        if self._video is not None:
            sdl2.SDL_DestroyTexture(self._video)
        self._video = None


def _without_chip(renderer: Any) -> bool:
    """Whether this renderer is an OpenGL that the processor has to do, as its own words say."""
    info = sdl2.SDL_RendererInfo()
    sdl2.SDL_GetRendererInfo(renderer, ctypes.byref(info))
    address = (
        sdl2.SDL_GL_GetProcAddress(b"glGetString") if info.name.startswith(b"opengl") else None
    )
    if not address:
        return False
    get_string = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(address)
    return any(name in (get_string(_GL_RENDERER) or b"") for name in _SOFTWARE_GL)


def _key_name(pressed: Any) -> str | None:
    if pressed.scancode in _DIGITS:
        return _DIGITS[pressed.scancode]
    if pressed.sym in _NAMES:
        return _NAMES[pressed.sym]
    return chr(pressed.sym).lower() if 32 < pressed.sym < 127 else None


def _address(pixels: npt.NDArray[np.uint8]) -> ctypes.c_void_p:
    """Where they lie. NumPy's ``data_as`` leaves a cycle of references, which keeps every frame until a garbage collection."""
    return ctypes.c_void_p(pixels.ctypes.data)


def _rect(box: Box) -> Any:
    return sdl2.SDL_Rect(box.x, box.y, box.width, box.height)


def _done(well: bool) -> None:
    """Told whether SDL did what it was asked for."""
    if not well:
        raise DisplayUnavailable(
            f"the screen does not show pictures any more: {_error()}; check the graphics driver"
        )


def _error() -> str:
    return str(sdl2.SDL_GetError().decode(errors="replace")) or "no reason given"
