"""Synthetic camera motion and sensor noise with a known answer, for the temporal loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def random_motion(
    count: int,
    height: int,
    width: int,
    generator: torch.Generator,
    *,
    flow_px: float = 6.0,
    shift_px: float = 4.0,
) -> Tensor:
    """A sampling grid (N, H, W, 2) for ``grid_sample``: smooth random flow plus a random shift of the whole picture.

    `flow_px` and `shift_px` are standard deviations in pixels. The flow is drawn on a 4 x 4 grid and enlarged smoothly,
    as neighbouring points of a real scene move alike.
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
    """(N, 1, H, W) of 1 where the grid points inside the picture and 0 where it had to be invented."""
    return (grid.abs().amax(dim=-1) <= 1).float().unsqueeze(1)


def sensor_noise(image: Tensor, generator: torch.Generator, *, sigma: float = 4.0) -> Tensor:
    """`image` (N, 3, H, W) 0..1 plus normal noise of half to all of `sigma` grey levels, drawn per picture."""
    strength = (0.5 + 0.5 * torch.rand(image.shape[0], 1, 1, 1, generator=generator)) * (
        sigma / 255
    )
    noise = torch.randn(image.shape, generator=generator) * strength
    return image + noise.to(image)
