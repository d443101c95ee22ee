"""Load photographs and paintings; random crops of photographs in batches."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from realtime_style.errors import ImageUnreadable, TrainingError
from realtime_style.frames import Frame
from realtime_style.media.images import IMAGE_SUFFIXES, is_image, read_image
from realtime_style.training.data.augment import plain_scene, simulate_webcam

log = logging.getLogger(__name__)

_PREFETCH = 3
"""Batches decoded in advance: enough to hide a slow picture, little memory."""


def find_photographs(folder: Path) -> list[Path]:
    """All image files below `folder`, sorted; raises TrainingError if there is none."""
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder; --content takes a folder of photographs")
    paths = sorted(path for path in folder.rglob("*") if is_image(path))
    if not paths:
        suffixes = ", ".join(sorted(IMAGE_SUFFIXES))
        raise TrainingError(f"{folder} holds no images ({suffixes}); give a folder of photographs")
    return paths


def load_painting(path: Path, short_side: int, blur_px: float = 0.0) -> Tensor:
    """Painting (1, 3, H, W) float RGB 0..1 whose short side has `short_side` pixels.

    `blur_px` is the standard deviation, in those pixels, of a Gaussian that removes the grain of
    canvas and paint.
    """
    frame = read_image(path).bgr
    scale = short_side / min(frame.shape[:2])
    size = (
        max(round(frame.shape[1] * scale), short_side),
        max(round(frame.shape[0] * scale), short_side),
    )
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(frame, size, interpolation=interpolation), dtype=np.uint8)
    if blur_px > 0:
        resized = np.asarray(cv2.GaussianBlur(resized, (0, 0), blur_px), dtype=np.uint8)
    return to_image(resized).unsqueeze(0)


def to_image(frame: npt.NDArray[np.uint8]) -> Tensor:
    """Frame (H, W, 3) uint8 BGR as an image (3, H, W) float RGB 0..1."""
    rgb = np.ascontiguousarray(frame[..., ::-1].transpose(2, 0, 1))
    return torch.from_numpy(rgb).float() / 255


def to_frame(image: Tensor) -> Frame:
    """Image (3, H, W) float RGB as a frame (H, W, 3) uint8 BGR: rounded, clipped to 0..255."""
    rgb = (image.float() * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(rgb[..., ::-1])


class RandomCrops:
    """Batches of random crops that depend on the seed and the step alone.

    Each pass takes every photograph once, in a new order. A crop covers between `smallest_crop`
    and all of a photograph's short side and is scaled to `crop` pixels; half of them are mirrored,
    and a share of `webcam_share` goes through :func:`simulate_webcam`. In place of a share of
    `plain_share` stands a :func:`plain_scene`. A picture that cannot be read is logged once and
    replaced by the next one; TrainingError is raised when none can be read.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        crop: int,
        batch: int,
        seed: int,
        smallest_crop: float = 0.5,
        webcam_share: float = 1.0,
        plain_share: float = 0.0,
    ) -> None:
        self.paths = list(paths)
        self.crop = crop
        self.batch = batch
        self.seed = seed
        self.smallest_crop = smallest_crop
        self.webcam_share = webcam_share
        self.plain_share = plain_share
        self._damaged: set[Path] = set()

    def batches(self, first_step: int) -> Iterator[Tensor]:
        """Endless batches (N, 3, crop, crop) float RGB 0..1, from that of step `first_step` on.

        The reading threads do not touch torch: its first operation in a thread starts a team of
        workers there, and with more workers than cores all teams, this thread's included, wait by
        sleeping. That made a step a quarter longer.
        """
        with ThreadPoolExecutor(max_workers=_PREFETCH, thread_name_prefix="crops") as pool:
            waiting = [pool.submit(self._frames, first_step + ahead) for ahead in range(_PREFETCH)]
            step = first_step + _PREFETCH
            try:
                while True:
                    frames = waiting.pop(0).result()
                    waiting.append(pool.submit(self._frames, step))
                    step += 1
                    yield _to_batch(frames)
            finally:
                for future in waiting:
                    future.cancel()

    def batch_of(self, step: int) -> Tensor:
        """Batch of one step: (N, 3, crop, crop) float RGB 0..1."""
        return _to_batch(self._frames(step))

    def _frames(self, step: int) -> list[Frame]:
        return [self._sample(step * self.batch + index) for index in range(self.batch)]

    def _sample(self, number: int) -> Frame:
        turn, position = divmod(number, len(self.paths))
        order = np.random.default_rng([self.seed, turn]).permutation(len(self.paths))
        rng = np.random.default_rng([self.seed, 1, number])
        if np.random.default_rng([self.seed, 3, number]).random() < self.plain_share:
            return plain_scene(self.crop, self.crop, rng)
        for attempt in range(len(self.paths)):
            path = self.paths[order[(position + attempt) % len(self.paths)]]
            if path in self._damaged:
                continue
            try:
                enough = math.ceil(self.crop / self.smallest_crop)
                crop = self._random_crop(read_image(path, at_least=enough).bgr, rng)
            except ImageUnreadable as error:
                self._damaged.add(path)
                log.warning("skipped: %s", error)
                continue
            by_webcam = np.random.default_rng([self.seed, 4, number]).random() < self.webcam_share
            return simulate_webcam(crop, rng) if by_webcam else crop
        raise TrainingError(
            "none of the photographs can be read; give --content a folder of intact pictures"
        )

    def _random_crop(
        self, frame: npt.NDArray[np.uint8], rng: np.random.Generator
    ) -> npt.NDArray[np.uint8]:
        height, width = frame.shape[:2]
        side = max(1, round(min(height, width) * rng.uniform(self.smallest_crop, 1.0)))
        top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
        piece = frame[top : top + side, left : left + side]
        interpolation = cv2.INTER_AREA if side > self.crop else cv2.INTER_LINEAR
        scaled = np.asarray(
            cv2.resize(piece, (self.crop, self.crop), interpolation=interpolation), dtype=np.uint8
        )
        return scaled[:, ::-1] if rng.random() < 0.5 else scaled


def _to_batch(frames: Sequence[Frame]) -> Tensor:
    return torch.stack([to_image(frame) for frame in frames])
