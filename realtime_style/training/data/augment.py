"""Augmentation: webcam defects, plain scenes, sensor noise, and known camera motion."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_style.frames import Frame


def plain_scene(height: int, width: int, rng: np.random.Generator) -> Frame:
    """A wall or a sky (height, width, 3) uint8 BGR: one colour, in half of the calls with a slope.

    The slope spans up to 30 grey levels.
    """
    shades = rng.uniform(-15, 15, (2, 2, 3)) * (rng.random() < 0.5)
    corners = (rng.uniform(0, 255, 3) + shades).astype(np.float32)
    scene = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(scene, 0, 255), np.uint8)


def simulate_webcam(
    frame: npt.NDArray[np.uint8], rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Leave half of the frames as they are; make the others dark, bright, hazy or out of focus.

    A fifth of all frames is out of focus. Photo collections are well lit and sharp; rooms with a
    webcam are not. Instance normalisation amplifies what little such a picture holds, its noise
    included, and a network trained without such pictures fills them with flickering patterns.
    """
    if rng.random() < 0.2:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.7, 3.0)), np.uint8)
    if rng.random() < 0.4:
        light = np.exp(rng.uniform(np.log(0.3), np.log(1.8)))
        contrast = rng.uniform(0.4, 1.0) if rng.random() < 0.5 else 1.0
        haze = light * (1 - contrast) * float(frame.mean())
        frame = np.asarray(cv2.convertScaleAbs(frame, None, light * contrast, haze), np.uint8)
    return frame


def random_motion(
    count: int,
    height: int,
    width: int,
    generator: torch.Generator,
    *,
    flow_px: float = 6.0,
    shift_px: float = 4.0,
) -> Tensor:
    """Sampling grid (N, H, W, 2) for ``grid_sample``: smooth random flow plus a random shift.

    `flow_px` and `shift_px` are standard deviations in pixels. The flow is drawn on a 4 x 4 grid
    and enlarged smoothly, as neighbouring points of a real scene move alike.
    """
    coarse = torch.randn(count, 2, 4, 4, generator=generator) * flow_px
    flow = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    flow = flow + torch.randn(count, 2, 1, 1, generator=generator) * shift_px
    rows, columns = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    still = torch.stack([columns, rows], dim=-1)
    return still + flow.permute(0, 2, 3, 1) * torch.tensor([2 / (width - 1), 2 / (height - 1)])


def move(image: Tensor, grid: Tensor) -> Tensor:
    """`image` (N, C, H, W) sampled at `grid`; points outside take the nearest edge pixel."""
    return F.grid_sample(
        image, grid.to(image), mode="bilinear", padding_mode="border", align_corners=True
    )


def inside(grid: Tensor) -> Tensor:
    """Mask (N, 1, H, W): 1 where the grid points inside the picture, 0 where pixels are made up."""
    return (grid.abs().amax(dim=-1) <= 1).float().unsqueeze(1)


def sensor_noise(image: Tensor, generator: torch.Generator, *, sigma: float = 4.0) -> Tensor:
    """`image` (N, 3, H, W) 0..1 plus Gaussian noise.

    The standard deviation is half to all of `sigma` grey levels, drawn for each picture.
    """
    strength = (0.5 + 0.5 * torch.rand(image.shape[0], 1, 1, 1, generator=generator)) * (
        sigma / 255
    )
    noise = torch.randn(image.shape, generator=generator) * strength
    return image + noise.to(image)
