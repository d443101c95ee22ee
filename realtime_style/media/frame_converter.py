"""Convert decoded frames to what people should see: upright, and in the intended colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)
import numpy as np

from realtime_style.frames import Frame
from realtime_style.media.ffmpeg import exact_conversion
from realtime_style.media.tonemap import HLG, PQ, ToneMapper
from realtime_style.media.video_open import unreadable

if TYPE_CHECKING:
    import av

_BT2020_CONSTANT = 10  # of ITU-T H.273: BT.2020 with constant luminance
_FFMPEG_WHITE = 255 << 8  # its white in 16 bits, of video with room above white
_WIDEST_PIXEL = 5  # wider, or as much narrower, is a mistake in the file


class FrameConverter:
    """Turns decoded frames of one clip into (H, W, 3) uint8 BGR, all of the first one's size."""

    size: tuple[int, int]
    """(width, height) in px of the upright picture."""
    on_its_side: bool
    """True for a clip that is stored turned by 90 degrees."""

    def __init__(
        self, path: Path, first: av.VideoFrame, pixel_aspect: Fraction | None = None
    ) -> None:
        """`pixel_aspect` is a stored pixel's width over its height; pictures are scaled to square
        pixels at the stored height. None: leave pixels as they are."""
        from av.video.reformatter import VideoReformatter

        self._path = path
        self._reformatter = VideoReformatter()
        self._to_sdr: dict[tuple[int, int], ToneMapper] = {}  # joined clips may have several kinds
        self._turn = first.rotation, _matrix(first)
        self.on_its_side = self._turn[1][0] == 0
        width, height = first.width, first.height
        if pixel_aspect and 1 / _WIDEST_PIXEL <= pixel_aspect <= _WIDEST_PIXEL:
            width = max(1, round(width * pixel_aspect))
        self.size = (height, width) if self.on_its_side else (width, height)

    def __call__(self, frame: av.VideoFrame) -> Frame:
        """Raises VideoUnreadable for a frame that cannot be converted."""
        # Not asked for each frame: PyAV's side data holds its frame in a cycle of references, and
        # decoded frames are large.
        if frame.rotation != self._turn[0]:
            self._turn = frame.rotation, _matrix(frame)
        matrix = self._turn[1]
        width, height = self.size[::-1] if matrix[0] == 0 else self.size
        return _turned(self._bgr(frame, width, height), matrix)

    def _bgr(self, frame: av.VideoFrame, width: int, height: int) -> Frame:
        import av
        from av.video.reformatter import ColorRange, Colorspace

        transfer = frame.color_trc
        hdr = transfer in (PQ, HLG)
        # Untagged video is BT.709 from 720 lines on and BT.601 below, as players guess; FFmpeg
        # alone would take all of it for BT.601.
        guess = Colorspace.ITU709 if frame.colorspace == 2 and frame.height >= 720 else None
        # Constant luminance is rare, and unknown to FFmpeg.
        if hdr and frame.colorspace in (2, _BT2020_CONSTANT):
            guess = Colorspace.BT2020
        try:
            bgr = self._reformatter.reformat(
                frame,
                width=width,
                height=height,
                # Packed 16-bit formats come out in wrong colours.
                format="gbrp16le" if hdr else "bgr24",
                src_colorspace=guess,
                dst_color_range=ColorRange.JPEG,
                interpolation=exact_conversion(),
                threads=1,
            )
        except av.FFmpegError as error:
            raise unreadable(self._path, error) from error
        if not hdr:
            return cast("Frame", bgr.to_ndarray())
        kind = transfer, 65535 if frame.color_range == ColorRange.JPEG else _FFMPEG_WHITE
        if kind not in self._to_sdr:
            self._to_sdr[kind] = ToneMapper(*kind)
        return self._to_sdr[kind](np.asarray(bgr.to_ndarray(), np.uint16))


def _matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Turn of the picture, as signs (a, b, c, d): x' = a x + c y, y' = b x + d y; a = 0: by 90°."""
    stored: Any = frame.side_data.get("DISPLAYMATRIX")
    if stored is None:
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(bytes(stored), np.int32)[:5].tolist()
    if abs(a) >= abs(b):
        return int(np.sign(a)) or 1, 0, 0, int(np.sign(d)) or 1
    return 0, int(np.sign(b)), int(np.sign(c)) or 1, 0


def _turned(frame: Frame, matrix: tuple[int, int, int, int]) -> Frame:
    a, b, c, d = matrix
    picture = frame.transpose(1, 0, 2) if a == 0 else frame
    left_right, up_down = (c, b) if a == 0 else (a, d)
    return np.ascontiguousarray(picture[::up_down, ::left_right])
