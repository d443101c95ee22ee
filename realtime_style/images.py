"""Still pictures in and out, the way cameras and phones write them.

Pillow and not OpenCV reads them: it turns a picture upright by its EXIF tag also when it has an alpha channel, converts
grey, palette, 16-bit and CMYK pictures and the wide colours of phones, and notices a truncated file, which OpenCV fills with
grey without an error.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from realtime_style.atomic import whole_file
from realtime_style.errors import ImageUnreadable, OutputUnwritable

if TYPE_CHECKING:
    from PIL import Image

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
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
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()


def images_in(folder: Path) -> list[Path]:
    """The image files in `folder`, by name, without those of its sub-folders; raises ImageUnreadable if there is none."""
    paths = sorted(path for path in folder.iterdir() if is_image(path))
    if not paths:
        raise ImageUnreadable(f"folder {folder} has no images in it ({', '.join(sorted(IMAGE_SUFFIXES))}); give another")
    return paths


def read_image(path: Path) -> Picture:
    """Read an image file; raises ImageUnreadable, naming the file and the reason."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if path.is_dir():
        raise ImageUnreadable(f"{path} is a folder, not an image")
    try:
        with _quiet_pillow(), Image.open(path) as opened:
            width, height = opened.size
            if width * height > _LARGEST_PX:
                raise ImageUnreadable(f"{path} has {width}x{height} pixels, more than this program opens; reduce it first")
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            has_alpha = upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info
            pixels = np.asarray(_in_srgb(_eight_bit(upright)).convert("RGBA" if has_alpha else "RGB"))
    except FileNotFoundError as error:
        raise ImageUnreadable(f"image {path} does not exist; check the path") from error
    except UnidentifiedImageError as error:
        raise ImageUnreadable(f"{path} is not an image; give a JPEG, PNG, WebP, BMP or TIFF file") from error
    except ImageUnreadable:
        raise
    except MemoryError as error:
        raise ImageUnreadable(f"image {path} does not fit into memory; reduce it first") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:  # SyntaxError is Pillow's for a broken PNG
        reason = getattr(error, "strerror", None) or error
        raise ImageUnreadable(f"image {path} is damaged or unreadable: {reason}; try another copy") from error
    bgr = np.ascontiguousarray(pixels[..., 2::-1])
    return Picture(bgr, np.ascontiguousarray(pixels[..., 3]) if has_alpha else None)


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


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit and float grey pictures scaled to 0..255; Pillow's own conversion would clip them."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    from PIL import Image

    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    white = 65535.0
    if image.mode == "F":  # by the values: float pictures are written as 0..1, 0..255 or 0..65535, and do not say which
        white = next((top for top in (1.0, 255.0) if values.max(initial=0) <= top), white)
    return Image.fromarray(np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8))


def _in_srgb(image: Image.Image) -> Image.Image:
    """The picture in the colours of screens. Phones store a wider range with a profile; without it all looks pale."""
    from PIL import Image, ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return image
    try:
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=image.mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a broken profile is no reason to refuse a whole picture
    return converted if isinstance(converted, Image.Image) else image


def write_image(path: Path, picture: Picture) -> None:
    """Write a picture; the suffix chooses the format. JPEG and BMP have no transparency: it is laid over white.

    Raises OutputUnwritable; nothing half written is left under `path`.
    """
    from PIL import Image

    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise OutputUnwritable(f"cannot write {path}: {suffix or 'no suffix'} is no image format; use .jpg, .png or .webp")
    pixels = picture.bgr[..., ::-1]
    if picture.alpha is not None:
        pixels = np.dstack([pixels, picture.alpha])
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if picture.alpha is not None and suffix in (".jpg", ".jpeg", ".bmp"):
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    options: dict[str, Any] = {}
    if suffix in (".jpg", ".jpeg"):
        options = {"quality": 92, "subsampling": 0}  # not optimize: it fails on large pictures full of detail
    elif suffix == ".webp":
        options = {"quality": 92}
    with whole_file(path) as part:
        try:
            image.save(part, **options)
        except (ValueError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of the disk; without a number it is of the format, which cannot hold so large a picture
            size = f"{image.width}x{image.height}"
            raise OutputUnwritable(f"cannot write {path} of {size} pixels: {error}; try .png or a smaller picture") from error
