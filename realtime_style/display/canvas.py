"""Drawing a picture and sprites into a window: on the graphics chip, or on the processor."""

from __future__ import annotations

import ctypes
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import cv2
import numpy as np

from realtime_style.display.geometry import Box
from realtime_style.display.sprites import DARK, Image, Sprite, rounded, with_alpha
from realtime_style.frames import Frame

if TYPE_CHECKING:
    import pygame

_KEPT = 60  # frames for which what was made of an image is kept after it was last shown
_CHIPS = ("dri/renderD*", "nvidia[0-9]*", "dxg")  # in /dev; dxg is the chip of WSL
_GL_RENDERER = 0x1F01
_SOFTWARE_GL = (b"llvmpipe", b"softpipe", b"swrast", b"SwiftShader")
_BGRX = (0xFF0000, 0xFF00, 0xFF)  # masks of a surface whose bytes are blue, green, red, unused


class Canvas(Protocol):
    """What draws into a window."""

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of what can be drawn on, px."""

    def draw(self, picture: Frame | None, box: Box, sprites: Sequence[Sprite]) -> None:
        """Show the picture (H, W, 3) uint8 BGR in `box`, sprites above it, black elsewhere."""

    def forget(self) -> None:
        """Drop what is cached, as after a graphics chip was reset."""


def open_canvas(open_window: Callable[[], pygame.Window], vsync: bool) -> tuple[Any, Canvas]:
    """A window by `open_window`, and the canvas that suits this machine.

    Without a chip SDL would draw by an OpenGL on the processor, at twenty times the cost of
    OpenCV. ``SDL_RENDER_DRIVER=software`` keeps off a chip whose driver is broken. Raises
    pygame.error.
    """
    import pygame

    window = open_window()
    if _has_chip():
        try:
            canvas = ChipCanvas(window, vsync)
        except pygame.error:
            canvas = None
        if canvas is not None and not _drawn_by_processor():
            return window, canvas
        del canvas  # before its window
        window.destroy()
        window = open_window()
    return window, ProcessorCanvas(window)


def _has_chip() -> bool:
    """True where a graphics chip may be; without one Mesa, which costs 90 MB, is not loaded."""
    if os.environ.get("SDL_RENDER_DRIVER") == "software":
        return False
    return sys.platform != "linux" or any(any(Path("/dev").glob(chip)) for chip in _CHIPS)


def _drawn_by_processor() -> bool:
    """True if the OpenGL that is current on this thread calls itself a software renderer."""
    if sys.platform != "linux":
        return False
    try:
        get_string = ctypes.CDLL("libGL.so.1").glGetString
    except (OSError, AttributeError):
        return False  # OpenGL ES, which desktops without libGL have, or Vulkan
    get_string.restype = ctypes.c_char_p
    return any(name in (get_string(_GL_RENDERER) or b"") for name in _SOFTWARE_GL)


Made = TypeVar("Made")


@dataclass
class _Entry(Generic[Made]):
    image: Image  # held, so that no other image gets its identity
    made: Made
    shown: int


class _Cache(Generic[Made]):
    """What was made of images that were shown lately; a visitor's card must not stay long."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[int, ...], _Entry[Made]] = OrderedDict()
        self._frame = 0

    def get(self, image: Image, make: Callable[..., Made], *size_wh: int) -> Made:
        """What `make` makes of an image, at this size where that matters."""
        key = id(image), *size_wh
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(image, make(image, *size_wh), self._frame)
        entry.shown = self._frame
        self._entries.move_to_end(key)
        return entry.made

    def next_frame(self) -> None:
        """Drop what has not been shown for a while; the longest ago stands first."""
        while self._entries and next(iter(self._entries.values())).shown < self._frame - _KEPT:
            self._entries.popitem(last=False)
        self._frame += 1

    def clear(self) -> None:
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


class ChipCanvas:
    """Scales and blends on the graphics chip; `vsync` waits for the screen, so nothing tears."""

    def __init__(self, window: pygame.Window, vsync: bool) -> None:
        from pygame._sdl2 import video

        self._video = video
        self._renderer = video.Renderer(window, accelerated=1, vsync=vsync)
        self._picture: Any = None
        self._cache: _Cache[Any] = _Cache()

    @property
    def size_wh(self) -> tuple[int, int]:
        width, height = self._renderer.get_viewport().size
        return width, height

    def draw(self, picture: Frame | None, box: Box, sprites: Sequence[Sprite]) -> None:
        self._renderer.draw_color = (0, 0, 0, 255)
        self._renderer.clear()
        if picture is not None:
            self._update_picture(picture)
            self._renderer.blit(self._picture, _rect(box))
        for sprite in sprites:
            self._renderer.blit(self._cache.get(sprite.image, self._texture), _rect(sprite.box))
        self._renderer.present()
        self._cache.next_frame()

    def forget(self) -> None:
        self._picture = None
        self._cache.clear()

    def _update_picture(self, picture: Frame) -> None:
        import pygame

        height, width = picture.shape[:2]
        if self._picture is None or (self._picture.width, self._picture.height) != (width, height):
            self._picture = self._video.Texture(
                self._renderer, (width, height), streaming=True, scale_quality=1
            )
        # OpenCV turns it into the chip's format on all cores; SDL would on one.
        bgra = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
        self._picture.update(pygame.image.frombuffer(bgra.data, (width, height), "BGRA"))

    def _texture(self, image: Image) -> Any:
        import pygame

        texture = self._video.Texture.from_surface(self._renderer, _surface(image))
        texture.blend_mode = pygame.BLENDMODE_BLEND
        return texture


class ProcessorCanvas:
    """Scales with OpenCV straight into the window's memory, and blends with SDL. Has no vsync."""

    def __init__(self, window: pygame.Window) -> None:
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")  # else by OpenGL all the same
        self._window = window
        self._cache: _Cache[Any] = _Cache()
        window.get_surface()  # raises here what would else be raised with the first picture

    @property
    def size_wh(self) -> tuple[int, int]:
        return self._window.get_surface().get_size()

    def draw(self, picture: Frame | None, box: Box, sprites: Sequence[Sprite]) -> None:
        screen = self._window.get_surface()
        target = screen if _is_bgrx(screen) else _new_surface(screen.get_size())
        visible = _rect(box).clip(target.get_rect())
        if picture is None or visible.size != target.get_size():
            target.fill((0, 0, 0))
        if picture is not None and visible.width and visible.height:
            _scale_into(target, picture, box, visible)
        for sprite in sprites:
            size_wh = sprite.box.width, sprite.box.height
            surface = self._cache.get(sprite.image, _scaled, *size_wh)
            target.blit(surface, (sprite.box.x, sprite.box.y))
        if target is not screen:
            screen.blit(target, (0, 0))
        self._window.flip()
        self._cache.next_frame()

    def forget(self) -> None:
        self._cache.clear()


def _scale_into(target: Any, picture: Frame, box: Box, visible: Any) -> None:
    """Scale the part of `picture` that is visible, when it fills `box`, into `target`."""
    scale_x, scale_y = picture.shape[1] / box.width, picture.shape[0] / box.height
    left, top = round((visible.x - box.x) * scale_x), round((visible.y - box.y) * scale_y)
    right = max(left + 1, round((visible.right - box.x) * scale_x))
    bottom = max(top + 1, round((visible.bottom - box.y) * scale_y))
    part = picture[top:bottom, left:right]
    # The surface is locked as long as `pixels` lives, which is until the end of this function.
    pixels = np.frombuffer(target.get_buffer(), np.uint8).reshape(target.get_height(), -1, 4)
    room = pixels[visible.top : visible.bottom, visible.left : visible.right]
    if part.shape[:2] == room.shape[:2]:
        cv2.cvtColor(part, cv2.COLOR_BGR2BGRA, dst=room)
    else:
        how = cv2.INTER_AREA if scale_x > 1 else cv2.INTER_LINEAR
        cv2.resize(cv2.cvtColor(part, cv2.COLOR_BGR2BGRA), visible.size, room, interpolation=how)


def _is_bgrx(surface: Any) -> bool:
    return bool(surface.get_bytesize() == 4 and surface.get_masks()[:3] == _BGRX)


def _new_surface(size_wh: tuple[int, int]) -> pygame.Surface:
    import pygame

    return pygame.Surface(size_wh, depth=32, masks=(*_BGRX, 0))


def _surface(image: Image) -> pygame.Surface:
    import pygame

    height, width = image.bgra.shape[:2]
    return pygame.image.frombuffer(np.ascontiguousarray(image.bgra).data, (width, height), "BGRA")


def _scaled(image: Image, width: int, height: int) -> pygame.Surface:
    """A surface of this size, scaled smoothly."""
    if image.bgra.shape[:2] == (height, width):
        return _surface(image)
    how = cv2.INTER_AREA if width < image.bgra.shape[1] else cv2.INTER_LINEAR
    scaled = cv2.resize(image.bgra, (width, height), interpolation=how)
    return _surface(Image(np.asarray(scaled, np.uint8)))


def icon() -> pygame.Surface:
    """The icon of the window: a sunset."""
    sky = np.linspace((150, 82, 24), (60, 120, 235), 64).astype(np.uint8)[:, None].repeat(64, 1)
    cv2.circle(sky, (32, 40), 14, (120, 220, 255), cv2.FILLED, cv2.LINE_AA)
    sky[44:] = DARK
    return _surface(with_alpha(sky, rounded(64, 64, 14)))


def _rect(box: Box) -> Any:
    import pygame

    return pygame.Rect(box.x, box.y, box.width, box.height)
