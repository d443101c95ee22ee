"""Temporal smoothing: keep strokes still where the scene is still or moves as a whole.

A network paints every frame afresh, and a little sensor noise is enough to move its strokes. Here
the previous painting is moved along with the scene (dense optical flow on a small picture) and
mixed into the new one wherever scene and painting show the same thing in both. After Ruder,
Dosovitskiy and Brox, "Artistic style transfer for videos" (GCPR 2016), whose confidence comes from
the flow; here it comes from the pictures, which takes a tenth of the time.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from realtime_style.frames import Frame
from realtime_style.frames.ops import warp
from realtime_style.stylize.options import VideoPaintOptions

DEFAULT_STEADINESS = VideoPaintOptions.steadiness

# Share of the past at steadiness 1. With more, 8-bit pictures keep ghosts of half a grey level over
# (1 - share).
_MAX_SHARE = 0.85
_FLOW_SIDE = 256  # px, long side of the picture on which motion is estimated
# px: OpenCV 4.9 to 5.0 crash on 16x256, where the patches of the coarsest level do not fit.
_MIN_FLOW_SIDE = 48
_STILL_PX = 0.3  # motion below this in the whole picture is not worth moving anything
# Change in grey levels, from "surely the same thing" to "surely another".
_SCENE_CHANGE = (4.0, 14.0)
_PAINTING_CHANGE = (32.0, 80.0)  # strokes flicker
# Motion per frame, in px of the whole picture, that halves the share of the past, which would blur.
_FAST_PX = 40.0

Plane = npt.NDArray[np.float32]


class TemporalSmoother:
    """Mixes each painting with the previous one; call it with every frame of a stream, in order.

    Assign `amount`, 0 (off) to 1 (steadiest), at any time. A cut needs no call: nothing of the old
    scene is found in the new one, so nothing is kept. Not for use from several threads.
    """

    def __init__(self, amount: float = DEFAULT_STEADINESS) -> None:
        self.amount = amount
        self._flow = _new_flow()
        self._scene: npt.NDArray[np.uint8] | None = None
        self._painting: Frame | None = None

    def forget(self) -> None:
        """Forget the past before the next frame."""
        self._scene = self._painting = None

    def __call__(self, photo: Frame, painting: Frame) -> Frame:
        """`painting` of `photo`, both (H, W, 3) uint8 BGR, smoothed: a new array."""
        if self.amount <= 0:
            self.forget()
            return painting
        scene = _small_grey(photo)
        if self._scene is None or self._painting is None or self._painting.shape != painting.shape:
            self._flow = _new_flow()  # its buffers have the previous size
            smooth = painting
        else:
            smooth = self._mixed(scene, painting, self._scene, self._painting)
        self._scene, self._painting = scene, smooth
        return smooth.copy()  # the caller may draw on it

    def _mixed(
        self,
        scene: npt.NDArray[np.uint8],
        painting: Frame,
        scene_before: npt.NDArray[np.uint8],
        before: Frame,
    ) -> Frame:
        height, width = painting.shape[:2]
        found = self._flow.calc(scene, scene_before, None)  # type: ignore[call-overload]
        flow = np.asarray(found, np.float32)
        scale = width / scene.shape[1]
        speed: Plane = np.hypot(flow[..., 0], flow[..., 1]) * np.float32(scale)
        if speed.max() >= _STILL_PX:
            scene_before = warp(scene_before, flow)
            scales = (scale, height / scene.shape[0], 0.0, 0.0)
            in_pixels = cv2.multiply(flow, scales)  # type: ignore[call-overload]
            large = cv2.resize(in_pixels, (width, height), interpolation=cv2.INTER_LINEAR)
            before = warp(before, np.asarray(large, np.float32))
        share = _MAX_SHARE * (1 - (1 - min(self.amount, 1.0)) ** 2)
        kept: Plane = (
            np.float32(share)
            * _similarity(scene, scene_before, _SCENE_CHANGE)
            / (1 + speed / _FAST_PX)
        )
        small_wh = (scene.shape[1], scene.shape[0])
        kept *= _similarity(
            _shrunk(painting, small_wh), _shrunk(before, small_wh), _PAINTING_CHANGE
        )
        # Around a moving thing the past is wrong a little further than the change shows.
        kept = np.asarray(cv2.blur(cv2.erode(kept, np.ones((3, 3), np.uint8)), (5, 5)), np.float32)
        past = cv2.resize(kept, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.blendLinear(before, painting, past, 1 - past), np.uint8)


def _new_flow() -> cv2.DISOpticalFlow:
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)


def _small_grey(frame: Frame) -> npt.NDArray[np.uint8]:
    scale = min(1.0, _FLOW_SIDE / max(frame.shape[:2]))
    width, height = (max(_MIN_FLOW_SIDE, round(side * scale)) for side in frame.shape[1::-1])
    # Area means: the less noise is left here, the more of the past is kept.
    return np.asarray(
        cv2.resize(
            cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (width, height), interpolation=cv2.INTER_AREA
        ),
        np.uint8,
    )


def _shrunk(frame: Frame, size_wh: tuple[int, int]) -> Frame:
    """`frame` reduced by halves, then to `size_wh` in one step.

    Area means over fractions of pixels take five times as long.
    """
    height, width = frame.shape[:2]
    while width >= 2 * size_wh[0] and height >= 2 * size_wh[1]:
        width, height = width // 2, height // 2
        frame = np.asarray(
            cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
    return np.asarray(cv2.resize(frame, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)


def _similarity(
    now: npt.NDArray[np.uint8], before: npt.NDArray[np.uint8], limits: tuple[float, float]
) -> Plane:
    """1 where two pictures show the same thing, down to 0 where they surely do not.

    `limits` are the changes in grey levels at which it leaves 1 and reaches 0.
    """
    change = cv2.absdiff(now, before)
    if change.ndim == 3:
        # Ten times as fast as NumPy's maximum.
        largest = cv2.reduce(change.reshape(-1, 3), 1, cv2.REDUCE_MAX)
        change = largest.reshape(change.shape[:2])
    local = cv2.blur(change, (3, 3)).astype(np.float32)  # one noisy pixel is no change
    low, high = limits
    similarity: Plane = np.clip((high - local) / np.float32(high - low), 0, 1)
    return similarity
