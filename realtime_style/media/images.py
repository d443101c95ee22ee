"""Still pictures in and out, the way cameras and phones write them.

Pillow and not OpenCV reads them: it turns a picture upright by its EXIF tag also when it has an alpha channel, converts
grey, palette, 16-bit and CMYK pictures and the wide colours of phones, and notices a truncated file, which OpenCV fills with
grey without an error.
"""

from __future__ import annotations

import logging
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from realtime_style.errors import ImageUnreadable, OutputUnwritable
from realtime_style.media.image_color import upright_srgb
from realtime_style.system.atomic import atomic_write

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
"""Of what can be read and written."""
_READ_SUFFIXES = frozenset({".avif", ".gif"})
_RAW_SUFFIXES = frozenset({".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".rw2"})
_PHONE_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
_FOREIGN_SUFFIXES = _RAW_SUFFIXES | _PHONE_SUFFIXES | {".jxl"}
_PILLOW = threading.Lock()
_LARGEST_PX = 2**30  # Pillow's own limit is a warning at 89 million; a bomb is what no camera makes


@dataclass(frozen=True)
class Picture:
    """A still picture, upright."""

    bgr: npt.NDArray[np.uint8]
    """(H, W, 3) uint8 BGR, C-contiguous. Where it is transparent: what the file holds there."""
    alpha: npt.NDArray[np.uint8] | None = None
    """(H, W) uint8, 0 transparent to 255 opaque; None: the picture has no transparency."""


def is_image(path: Path) -> bool:
    """Whether it is one by its name. Hidden files are none: macOS leaves ``._photo.jpg`` beside each photo on foreign disks."""
    return path.suffix.lower() in IMAGE_SUFFIXES and _is_visible(path)


def _is_visible(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file()


def images_in(folder: Path) -> list[Path]:
    """The image files in `folder`, by name, without those of its sub-folders; raises ImageUnreadable if there is none.

    Among them those in formats of cameras that :func:`read_image` refuses: whoever put them there should hear of it.
    """
    suffixes = IMAGE_SUFFIXES | _READ_SUFFIXES | _FOREIGN_SUFFIXES
    paths = sorted(
        path for path in folder.iterdir() if _is_visible(path) and path.suffix.lower() in suffixes
    )
    if not paths:
        raise ImageUnreadable(
            f"folder {folder} has no images in it ({', '.join(sorted(IMAGE_SUFFIXES))}); give another"
        )
    return paths


def read_image(path: Path, *, at_least: int | None = None) -> Picture:
    """Read an image file, of an animation its first picture; raises ImageUnreadable, naming the file and the reason.

    With `at_least`, a number of pixels that is enough for the short side, a large JPEG is read at a half, a quarter or an
    eighth of its size, several times as fast: for those who want a sample of a picture, not the picture.
    """
    from PIL import Image, UnidentifiedImageError

    if path.is_dir():
        raise ImageUnreadable(f"{path} is a folder, not an image; give a picture in it")
    try:
        with _quiet_pillow(), Image.open(path) as opened:
            width, height = opened.size
            if width * height > _LARGEST_PX:
                raise ImageUnreadable(
                    f"{path} has {width}x{height} pixels, more than this program opens; reduce it first"
                )
            if (
                opened.format == "TIFF" and path.suffix.lower() in _RAW_SUFFIXES
            ):  # which opens as the small picture in it
                raise _foreign(path)
            if at_least is not None:
                opened.draft(None, (at_least, at_least))
            opened.load()
            rgb, alpha = upright_srgb(opened)
            count = (
                1 if opened.format == "MPO" else getattr(opened, "n_frames", 1)
            )  # MPO: a phone's photo and data beside it
            if count > 1 and at_least is None:
                logger.warning("%s holds %d pictures, of which only the first is read", path, count)
    except FileNotFoundError as error:
        raise ImageUnreadable(f"image {path} does not exist; check the path") from error
    except UnidentifiedImageError as error:
        if path.suffix.lower() in _FOREIGN_SUFFIXES:
            raise _foreign(path) from error
        raise ImageUnreadable(
            f"{path} is not an image; give a JPEG, PNG, WebP, BMP or TIFF file"
        ) from error
    except ImageUnreadable:
        raise
    except MemoryError as error:
        raise ImageUnreadable(f"image {path} does not fit into memory; reduce it first") from error
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        struct.error,
    ) as error:  # SyntaxError is Pillow's for a broken PNG
        reason = getattr(error, "strerror", None) or error
        raise ImageUnreadable(
            f"image {path} is damaged or unreadable: {reason}; try another copy"
        ) from error
    return Picture(np.ascontiguousarray(rgb[..., ::-1]), alpha)


def _foreign(path: Path) -> ImageUnreadable:
    suffix = path.suffix.lower()
    hint = (
        " (iPhones do so with Settings > Camera > Formats > Most Compatible)"
        if suffix in _PHONE_SUFFIXES
        else ""
    )
    return ImageUnreadable(
        f"{path} cannot be read: this program does not know {suffix}; save it as JPEG first{hint}"
    )


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """No warnings about odd tags in a readable picture, and no limit on pixels but our own, which has a message of its own.

    One thread at a time: both settings belong to the whole process, and two threads would restore each other's.
    """
    from PIL import Image

    with _PILLOW:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def require_image_name(path: Path) -> None:
    """Raise OutputUnwritable if the suffix is of no format that pictures can be written in."""
    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise OutputUnwritable(
            f"cannot write {path}: {suffix or 'no suffix'} is no image format; use .jpg, .png or .webp"
        )


def write_image(path: Path, picture: Picture) -> None:
    """Write a picture; the suffix chooses the format. JPEG and BMP have no transparency: it is laid over white.

    Raises OutputUnwritable; nothing half written is left under `path`.
    """
    from PIL import Image

    require_image_name(path)
    suffix = path.suffix.lower()
    pixels = picture.bgr[..., ::-1]
    if picture.alpha is not None:
        pixels = np.dstack([pixels, picture.alpha])
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if picture.alpha is not None and suffix in (".jpg", ".jpeg", ".bmp"):
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    options: dict[str, Any] = {}
    if suffix in (".jpg", ".jpeg"):
        options = {
            "quality": 92,
            "subsampling": 0,
        }  # not optimize: it fails on large pictures full of detail
    elif suffix == ".webp":
        options = {"quality": 92}
    with atomic_write(path) as part:
        try:
            image.save(part, **options)
        except (ValueError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of the disk; without a number it is of the format, which cannot hold so large a picture
            size = f"{image.width}x{image.height}"
            raise OutputUnwritable(
                f"cannot write {path} of {size} pixels: {error}; try .png or a smaller picture"
            ) from error
