"""Losses on regular patterns in painted pictures, by phases and by local spectra.

Images are (N, 3, H, W) float RGB 0..1; losses are in grey levels of 0..255 squared.
"""

from __future__ import annotations

import torch
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B, ITU-R BT.601."""
_WINDOW = 64
"""px: strokes are shorter, a weave is longer, so its power gathers in few frequencies."""
_LONGEST_WEAVE = 8.0
"""px: with 5, weaves become a little longer than that; strokes are longer than 8."""


def lattice_loss(image: Tensor, period: int) -> Tensor:
    """Variance of the means of the period x period phases of an image.

    Upsampling by `period` treats each pixel of a period x period cell differently. What remains of
    that in the mean is a lattice; without a lattice, all phases have the same mean. A Hann window
    weights the means, else large structures of a picture leak into them.
    """
    count, channels, height, width = image.shape
    rows, columns = height // period, width // period
    cells = image[..., : rows * period, : columns * period].float() * 255
    taper = _taper(rows * period, columns * period, image.device)
    cells = (cells - cells.mean((2, 3), keepdim=True)) * (taper / taper.mean())
    phases = cells.reshape(count, channels, rows, period, columns, period).mean(dim=(2, 4))
    return phases.flatten(2).var(dim=2, correction=0).mean()


def weave_loss(image: Tensor, texture: Tensor) -> Tensor:
    """Power of fine waves that stand out of the texture around them.

    At 384 px a painting has canvas grain everywhere, and the style term asks for it. Where a
    photograph is flat, a network has nothing to make grain of and weaves: one wave, repeated all
    over, holds the power that paint and canvas spread over many. `texture` (:func:`mean_texture`)
    is how paint spreads its power; in each window, what exceeds six times that spread at the
    window's own power counts. In noise that is a 400th of the waves. Measured on the luma of
    images of at least 64 x 64 px, through overlapping windows of 64 px.
    """
    power = local_spectrum(image)
    fine = texture > 0
    loudness = power[..., fine].sum(-1) / texture[fine].sum()
    # Detached: else more grain would excuse a weave.
    usual = loudness[..., None, None].detach() * texture
    return torch.where(fine, power - 6 * usual, 0).clamp(min=0).sum((-1, -2)).mean()


def mean_texture(painting: Tensor) -> Tensor:
    """Mean power (64, 33) of a painting's (1, 3, H, W) waves below 8 px.

    Zero for longer waves, which are strokes.
    """
    rows, columns = torch.fft.fftfreq(_WINDOW).view(-1, 1), torch.fft.rfftfreq(_WINDOW).view(1, -1)
    strokes = torch.hypot(rows, columns) < 1 / _LONGEST_WEAVE
    texture = local_spectrum(painting).mean((0, 1))
    return texture.masked_fill(strokes.to(painting.device), 0)


def local_spectrum(image: Tensor) -> Tensor:
    """Power spectra of the luma in windows of 64 px that overlap by three quarters.

    (N, windows, 64, 33) float32, the squared amplitude of each wave, frequencies as those of
    ``rfft2``.
    """
    step = _WINDOW // 4
    windows = luma(image).unfold(1, _WINDOW, step).unfold(2, _WINDOW, step).flatten(1, 2)
    taper = _taper(_WINDOW, _WINDOW, image.device)
    waves = torch.fft.rfft2((windows - windows.mean((-1, -2), keepdim=True)) * taper) * (
        2 / taper.sum()
    )
    power: Tensor = waves.real.square() + waves.imag.square()
    return power


def luma(image: Tensor) -> Tensor:
    """Luma (N, H, W) of an image, in grey levels."""
    weights = torch.tensor(_LUMA, device=image.device).view(1, 3, 1, 1)
    return (image.float() * weights).sum(1) * 255


def _taper(height: int, width: int, device: torch.device) -> Tensor:
    """Hann window (H, W) for spectra: 1 in the middle, 0 at the border."""
    rows, columns = (
        torch.hann_window(size, periodic=False, device=device) for size in (height, width)
    )
    return torch.outer(rows, columns)
