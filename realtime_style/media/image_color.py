"""Convert pictures in any of Pillow's modes to upright 8-bit sRGB and transparency."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

_ORIENTATION = 0x0112  # EXIF 2.32, table 4
# By Pillow's mode: the colour space as profiles name it.
_PROFILE_SPACES = {"RGB": "RGB", "CMYK": "CMYK", "L": "GRAY"}


def upright_srgb(image: Image.Image) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]:
    """The picture, (H, W, 3) uint8 sRGB, and its alpha, (H, W) uint8; None if all is opaque."""
    image = _upright(image)
    colours, alpha = _split_alpha(image)
    profile = image.info.get("icc_profile")
    if profile:
        colours = _in_srgb(colours, profile)
    return np.asarray(colours.convert("RGB")), alpha


def _upright(image: Image.Image) -> Image.Image:
    """Turn by the EXIF tag. Pillow's function rewrites all other tags too and fails at odd ones."""
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    orientation = image.getexif().get(_ORIENTATION)
    return image.transpose(turns[orientation]) if orientation in turns else image


def _split_alpha(image: Image.Image) -> tuple[Image.Image, npt.NDArray[np.uint8] | None]:
    """8-bit colours in a mode that colour profiles exist for, and the transparency."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _eight_bit(image)
    if image.mode not in ("LA", "La", "PA", "RGBA", "RGBa") and "transparency" not in image.info:
        return image if image.mode in _PROFILE_SPACES else image.convert("RGB"), None
    rgba = image.convert("RGBA")
    alpha = np.asarray(rgba.getchannel("A"))
    if image.mode == "LA":
        return image.getchannel("L"), alpha
    if image.mode in ("L", "RGB"):
        return image, alpha
    return rgba.convert("RGB"), alpha


def _eight_bit(image: Image.Image) -> tuple[Image.Image, npt.NDArray[np.uint8] | None]:
    """Scale 16-bit and float grey pictures to 0..255; Pillow's own conversion would clip them."""
    from PIL import Image

    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    white = 65535.0
    if image.mode == "F":  # 0..1, 0..255 or 0..65535: files do not say which, so by the values
        white = next((top for top in (1.0, 255.0) if values.max(initial=0) <= top), white)
    grey = Image.fromarray(np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8))
    clear = image.info.get("transparency")  # in a PNG: the one grey that is transparent
    return grey, None if clear is None else np.where(values == clear, 0, 255).astype(np.uint8)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert to sRGB. Phones store a wider range with a profile; without it all looks pale."""
    from PIL import ImageCms

    try:
        source: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _PROFILE_SPACES.get(image.mode):
            return image
        return cast(
            "Image.Image",
            ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            ),
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a broken profile is no reason to refuse a whole picture
