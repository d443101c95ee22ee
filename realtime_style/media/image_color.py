"""From a picture as Pillow opened it, in any of its modes, to what all of this program works on."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

_ORIENTATION = 0x0112  # EXIF 2.32, table 4
_PROFILE_SPACES = {
    "RGB": "RGB",
    "CMYK": "CMYK",
    "L": "GRAY",
}  # by Pillow's mode, as profiles call them


def upright_srgb(image: Image.Image) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]:
    """The picture (H, W, 3) uint8 RGB in the colours of screens, and its transparency (H, W) uint8, None if all is opaque."""
    image = _upright(image)
    colours, alpha = _apart(image)
    profile = image.info.get("icc_profile")
    if profile:
        colours = _in_srgb(colours, profile)
    return np.asarray(colours.convert("RGB")), alpha


def _upright(image: Image.Image) -> Image.Image:
    """Turned by its EXIF tag. Not by Pillow's function: it writes all other tags anew and fails at odd ones."""
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


def _apart(image: Image.Image) -> tuple[Image.Image, npt.NDArray[np.uint8] | None]:
    """Colours of 8 bits without transparency, in a mode that a colour profile may be for, and the transparency."""
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
    """16-bit and float grey pictures scaled to 0..255; Pillow's own conversion would clip them."""
    from PIL import Image

    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    white = 65535.0
    if (
        image.mode == "F"
    ):  # by the values: float pictures are written as 0..1, 0..255 or 0..65535, and do not say which
        white = next((top for top in (1.0, 255.0) if values.max(initial=0) <= top), white)
    grey = Image.fromarray(np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8))
    clear = image.info.get("transparency")  # in a PNG: the one grey that is not to be seen
    return grey, None if clear is None else np.where(values == clear, 0, 255).astype(np.uint8)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The picture in the colours of screens. Phones store a wider range with a profile; without it all looks pale."""
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
