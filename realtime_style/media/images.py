"""Read and write still pictures as cameras and phones make them.

Pillow and not OpenCV reads them: it turns a picture upright by its EXIF tag also when it has an
alpha channel, converts grey, palette, 16-bit and CMYK pictures and the wide colours of phones, and
reports a truncated file, which OpenCV fills with grey.
"""

from __future__ import annotations

import logging
import re
import struct
import warnings
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
"""Formats that can be read and written."""
_READ_SUFFIXES = frozenset({".avif", ".gif"})
_RAW_SUFFIXES = frozenset({".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".rw2"})
_PHONE_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
_FOREIGN_SUFFIXES = _RAW_SUFFIXES | _PHONE_SUFFIXES | {".jxl"}
_PILLOW_MODULES = re.compile(r"PIL\.")
_LARGEST_PX = 2**30  # more than any camera makes; Pillow refuses 179 million, less than some do


@dataclass(frozen=True)
class Picture:
    """A still picture, upright."""

    bgr: npt.NDArray[np.uint8]
    """(H, W, 3) uint8 BGR, C-contiguous. Transparent pixels have the colour stored in the file."""
    alpha: npt.NDArray[np.uint8] | None = None
    """(H, W) uint8, 0 transparent to 255 opaque; None: all is opaque."""


def is_image(path: Path) -> bool:
    """Return whether it is one by its name; False for hidden files.

    macOS leaves ``._photo.jpg`` beside each photograph on foreign disks.
    """
    return path.suffix.lower() in IMAGE_SUFFIXES and _is_visible(path)


def _is_visible(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file()


def images_in(folder: Path) -> list[Path]:
    """Image files in `folder`, by name, without its sub-folders. Raises ImageUnreadable if none.

    They include formats of cameras that :func:`read_image` refuses with a message, so that none is
    left out in silence.
    """
    suffixes = IMAGE_SUFFIXES | _READ_SUFFIXES | _FOREIGN_SUFFIXES
    paths = sorted(
        path for path in folder.iterdir() if _is_visible(path) and path.suffix.lower() in suffixes
    )
    if not paths:
        raise ImageUnreadable(
            f"folder {folder} has no images in it ({', '.join(sorted(IMAGE_SUFFIXES))}); "
            "give another"
        )
    return paths


def read_image(path: Path, *, at_least: int | None = None) -> Picture:
    """Read an image file, the first picture of an animation.

    With `at_least`, a number of px that is enough for the short side, a large JPEG is read at a
    half, a quarter or an eighth of its size, several times as fast: for a sample of the picture.

    Safe in several threads, which decode side by side. Raises ImageUnreadable, naming the file and
    the reason.
    """
    from PIL import Image, UnidentifiedImageError

    if path.is_dir():
        raise ImageUnreadable(f"{path} is a folder, not an image; give a picture in it")
    _set_up_pillow()
    try:
        with Image.open(path) as opened:
            width, height = opened.size
            if width * height > _LARGEST_PX:
                raise _too_large(path, f"{width}x{height}")
            # A raw file opens as the small picture in it.
            if opened.format == "TIFF" and path.suffix.lower() in _RAW_SUFFIXES:
                raise _foreign(path)
            if at_least is not None:
                opened.draft(None, (at_least, at_least))
            opened.load()
            rgb, alpha = upright_srgb(opened)
            # MPO: a phone's photograph, and data beside it.
            count = 1 if opened.format == "MPO" else getattr(opened, "n_frames", 1)
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
    except Image.DecompressionBombError as error:
        raise _too_large(path, f"over {2 * _LARGEST_PX}") from error
    except MemoryError as error:
        raise ImageUnreadable(f"image {path} does not fit into memory; reduce it first") from error
    # Pillow raises SyntaxError for a broken PNG.
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageUnreadable(
            f"image {path} is damaged or unreadable: {reason}; try another copy"
        ) from error
    return Picture(np.ascontiguousarray(rgb[..., ::-1]), alpha)


def _foreign(path: Path) -> ImageUnreadable:
    suffix = path.suffix.lower()
    hint = ""
    if suffix in _PHONE_SUFFIXES:
        hint = " (iPhones do so with Settings > Camera > Formats > Most Compatible)"
    return ImageUnreadable(
        f"{path} cannot be read: this program does not know {suffix}; save it as JPEG first{hint}"
    )


def _too_large(path: Path, size: str) -> ImageUnreadable:
    return ImageUnreadable(
        f"{path} has {size} pixels, more than this program opens; reduce it first"
    )


def _set_up_pillow() -> None:
    """Raise Pillow's limit on pixels to our own, and silence its warnings about odd tags.

    Both belong to the whole process and are set once: to set them for each picture would take a
    lock, and threads would decode one at a time.
    """
    from PIL import Image

    if Image.MAX_IMAGE_PIXELS is not None and Image.MAX_IMAGE_PIXELS < _LARGEST_PX:
        Image.MAX_IMAGE_PIXELS = _LARGEST_PX
    # The filter may have been dropped since, as by catch_warnings.
    if not any(entry[3] == _PILLOW_MODULES for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=_PILLOW_MODULES.pattern)


def require_image_name(path: Path) -> None:
    """Raise OutputUnwritable if the suffix is of no format that pictures can be written in."""
    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise OutputUnwritable(
            f"cannot write {path}: {suffix or 'no suffix'} is no image format; "
            "use .jpg, .png or .webp"
        )


def write_image(path: Path, picture: Picture) -> None:
    """Write a picture in the format of the suffix; JPEG and BMP show transparency as white.

    Raises OutputUnwritable; nothing half written is left at `path`.
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
    if suffix in (".jpg", ".jpeg"):  # without optimize, which fails on large detailed pictures
        options = {"quality": 92, "subsampling": 0}
    elif suffix == ".webp":
        options = {"quality": 92}
    with atomic_write(path) as part:
        try:
            image.save(part, **options)
        except (ValueError, OSError) as error:
            # An error of the disk has a number, one of the format, which has its limits, has none.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            size = f"{image.width}x{image.height}"
            raise OutputUnwritable(
                f"cannot write {path} of {size} pixels: {error}; try .png or a smaller picture"
            ) from error
