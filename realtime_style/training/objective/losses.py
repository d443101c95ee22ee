"""The terms of the objective, as plain functions of tensors.

Feature tensors are those of :class:`~realtime_style.training.objective.vgg.LossNetwork`: (N, C, H, W), computed from
pixels 0..255 minus the mean. All terms are means, so they do not grow with the size of the picture. In these units the
objective of a good picture is some hundred thousands, which is why logs print thousands ("k").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx

Features = Mapping[str, Tensor]

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, of R, G and B
_WINDOW = 64  # px: strokes are shorter, a weave is not, so its power gathers in few frequencies
_USUAL_VARIANCE = 35.0**2  # of a painted crop, grey levels squared
_FEATURE = 9  # steps of 2 px: an eye and what is around it
_FAINT = (
    15.0**2
)  # variance of a window in which the photograph counts half, grey levels squared: less is sky or wall
_LONGEST_WEAVE = (
    8.0  # px: with 5, weaves become a little longer than that; strokes are longer than 8
)


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrices of (N, C, H, W) features, divided by C*H*W: (N, C, C) float32 (Johnson et al. 2016, section 3.2)."""
    count, channels, height, width = features.shape
    flat = features.float().reshape(count, channels, height * width)
    # Scaling before the product keeps the sums of squares of bf16-sized features inside float32's good range.
    flat = flat / float(channels * height * width) ** 0.5
    with torch.autocast(features.device.type, enabled=False):  # it would turn the product into bf16
        return torch.bmm(flat, flat.transpose(1, 2))


def content_loss(features: Features, target: Features, layer: str = "relu3_3") -> Tensor:
    """Mean square difference of the features of one layer (the feature reconstruction loss of Johnson et al. 2016)."""
    return F.mse_loss(features[layer].float(), target[layer].float())


def style_loss(features: Features, target_grams: Features) -> Tensor:
    """Sum over layers of the mean square difference of Gram matrices; targets are (1, C, C) or (N, C, C).

    The style reconstruction loss of Johnson et al. 2016: the common yardstick. Networks learn by
    :func:`relative_style_loss`.
    """
    losses = []
    for layer, target in target_grams.items():
        grams = gram_matrix(features[layer])
        losses.append(F.mse_loss(grams, target.expand_as(grams)))
    return torch.stack(losses).sum()


def blended_grams(grams: Sequence[Features], weights: Sequence[float]) -> dict[str, Tensor]:
    """The target of a blend of paintings: the mean of their Gram matrices, layer by layer, with weights that sum to 1."""
    used = [(each, weight) for each, weight in zip(grams, weights, strict=True) if weight > 0]
    return {
        layer: torch.stack([weight * each[layer] for each, weight in used]).sum(0)
        for layer in grams[0]
    }


def relative_style_loss(features: Features, target_grams: Features, evenness: float) -> Tensor:
    """Sum over layers of the Gram matrices' square difference, as a share of the painting's own square; times 100 k.

    In plain units the layers with large numbers say everything, and relu4_3, which knows of long strokes, nothing; pale
    paintings whisper. Relative to its own size each layer, and each painting, has one voice.

    A Gram matrix is a mean over the picture: a busy skyline pays for a bare sky. So the variance of the matrices of its four
    quarters counts as well, times `evenness`. At 1 each quarter is asked to be like the painting, at 0 only their mean.
    Features are (N, C, H, W), targets (1, C, C).
    """
    losses = []
    for layer, target in target_grams.items():
        parts = grams_of_quarters(features[layer])
        whole = parts.mean(1, keepdim=True)
        difference = (whole - target).square().mean() + evenness * (parts - whole).square().mean()
        losses.append(difference / target.square().mean())
    return 1e5 * torch.stack(losses).sum()


def grams_of_quarters(features: Tensor) -> Tensor:
    """Gram matrices of the quarters of each picture, in reading order: (N, C, H, W) -> (N, 4, C, C) float32.

    Products are computed in the features' own precision: with bf16 a third of the time of float32, an eighth of a step of
    training, for an error of 0.3 %. An odd last row or column is left out.
    """
    count, channels, height, width = features.shape
    half_h, half_w = height // 2, width // 2
    # As (N, H, W, C), the layout the features have in memory, quarters are cut out by one copy.
    pixels = features[..., : half_h * 2, : half_w * 2].permute(0, 2, 3, 1)
    pixels = (
        pixels.reshape(count, 2, half_h, 2, half_w, channels)
        .transpose(2, 3)
        .reshape(count * 4, -1, channels)
    )
    grams: Tensor = _Products.apply(pixels).float() / (channels * half_h * half_w)
    return grams.view(count, 4, channels, channels)


class _Products(torch.autograd.Function):
    """X' X of matrices X (N, P, C). Left to itself, its gradient is two products and a sum as large as X; one will do."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.bmm(x.transpose(1, 2), x)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return torch.bmm(x, (gradient + gradient.transpose(1, 2)).to(x.dtype))


def total_variation_loss(image: Tensor) -> Tensor:
    """Mean square difference between neighbouring pixels of (N, 3, H, W), in grey levels of 0..255 squared."""
    image = image.float() * 255
    vertical = image[..., 1:, :] - image[..., :-1, :]
    horizontal = image[..., :, 1:] - image[..., :, :-1]
    return vertical.square().mean() + horizontal.square().mean()


def lattice_loss(image: Tensor, period: int) -> Tensor:
    """Variance of the means of the period x period phases of (N, 3, H, W), in grey levels of 0..255 squared.

    Upsampling by `period` treats every pixel of a period x period cell in its own way. Whatever that leaves in the mean is
    a lattice on the picture; of a picture without one, all phases have the same mean. The means are weighted by a Hann window,
    without which what is large in a picture would leak into them.
    """
    count, channels, height, width = image.shape
    rows, columns = height // period, width // period
    whole_cells = image[..., : rows * period, : columns * period].float() * 255
    taper = _taper(rows * period, columns * period, image.device)
    whole_cells = (whole_cells - whole_cells.mean((2, 3), keepdim=True)) * (taper / taper.mean())
    phases = whole_cells.reshape(count, channels, rows, period, columns, period).mean(dim=(2, 4))
    return phases.flatten(2).var(dim=2, correction=0).mean()


def border_loss(image: Tensor) -> Tensor:
    """How much the border of painted plain pictures (N, 3, H, W) differs from what is inside, in grey levels squared.

    Of means and of standard deviations of each colour, added; the border is an eighth of the shorter side wide. A border has
    only its own edge to look at: left alone, networks smear it, or draw a frame. Of the luma alone, it became grey.
    """
    wide = min(image.shape[2:]) // 8
    inner = image.float()[..., wide:-wide, wide:-wide].flatten(2) * 255
    at_border = torch.ones(image.shape[2:], dtype=torch.bool, device=image.device)
    at_border[wide:-wide, wide:-wide] = False
    outer = image.float()[..., at_border] * 255
    return (
        (outer.mean(2) - inner.mean(2)).square() + (outer.std(2) - inner.std(2)).square()
    ).mean()


def weave_loss(image: Tensor, texture: Tensor) -> Tensor:
    """Power of fine waves that stand out of the texture around them, in grey levels squared.

    Painted at 384 px, a canvas has fine grain everywhere, and the style term asks for it. A network has nothing to make
    grain of where a photograph is flat, and weaves: one wave, repeated all over, in which all the power is that paint and
    canvas spread over many. `texture` (:func:`mean_texture`) says how paint spreads its power over the waves; of each
    window, what is above six times that spread, at the window's own loudness, counts. Of noise that would be a 400th of the
    waves. Measured on the luma of (N, 3, H, W), at least 64 pixels each way, through overlapping windows of 64.
    """
    power = local_spectrum(image)
    fine = texture > 0
    loudness = power[..., fine].sum(-1) / texture[fine].sum()
    usual = (
        loudness[..., None, None].detach() * texture
    )  # detached: else more grain would excuse a weave
    return torch.where(fine, power - 6 * usual, 0).clamp(min=0).sum((-1, -2)).mean()


def structure_loss(image: Tensor, photograph: Tensor) -> Tensor:
    """How little of the photograph's light and dark is found in the painting, (N, 3, H, W) each: from 0, all of it, to 2.

    The content term is a mean over the picture, of which the eyes of a face are a hundredth: bold painters left them out. So
    the luma of both is compared window by window, each of 20 px as loud as the next, whatever its contrast: one minus their
    correlation, the structure comparison of Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity" (2004). Strokes finer than 4 px are not looked at, and windows in which the photograph is plain do not count:
    there a painter is free.
    """
    painted, seen = (F.avg_pool2d(_luma(each), 4, stride=2) for each in (image, photograph))
    mean, mean_seen = _of_windows(painted), _of_windows(seen)
    variance, variance_seen = (
        _of_windows(painted.square()) - mean.square(),
        _of_windows(seen.square()) - mean_seen.square(),
    )
    alike = (_of_windows(painted * seen) - mean * mean_seen) / (variance * variance_seen).clamp(
        min=1
    ).sqrt()
    weight = variance_seen / (variance_seen + _FAINT)
    return ((1 - alike) * weight).mean()


def _of_windows(plane: Tensor) -> Tensor:
    return F.avg_pool2d(plane, _FEATURE, stride=2)


def mean_texture(painting: Tensor) -> Tensor:
    """Mean power (64, 33) of the waves below 8 px in a painting (1, 3, H, W); 0 for longer ones, which are strokes."""
    rows, columns = torch.fft.fftfreq(_WINDOW).view(-1, 1), torch.fft.rfftfreq(_WINDOW).view(1, -1)
    strokes = torch.hypot(rows, columns) < 1 / _LONGEST_WEAVE
    texture = local_spectrum(painting).mean((0, 1))
    return texture.masked_fill(strokes.to(painting.device), 0)


def local_spectrum(image: Tensor) -> Tensor:
    """Power of the waves in the luma of (N, 3, H, W) float RGB 0..1, in windows of 64 px that overlap by three quarters.

    (N, windows, 64, 33) float32 in grey levels squared: the squared amplitude of each wave, frequencies as those of
    ``rfft2``.
    """
    step = _WINDOW // 4
    windows = _luma(image).unfold(1, _WINDOW, step).unfold(2, _WINDOW, step).flatten(1, 2)
    taper = _taper(_WINDOW, _WINDOW, image.device)
    waves = torch.fft.rfft2((windows - windows.mean((-1, -2), keepdim=True)) * taper) * (
        2 / taper.sum()
    )
    power: Tensor = waves.real.square() + waves.imag.square()
    return power


def temporal_loss(
    moved_then_painted: Tensor, painted_then_moved: Tensor, contrast: Tensor
) -> Tensor:
    """Mean square difference, in grey levels squared, between painting a moved picture and moving a painted one.

    The motion is synthetic and known exactly (see :mod:`realtime_style.training.data.augment`), so no flow has to be
    estimated; after "Consistent Video Style Transfer via Compound Regularization" (AAAI 2020). Divided by `contrast`
    (:func:`contrast_of`) of the painting, as a pale picture is a steady one: half the contrast would be a quarter of the loss.
    """
    return F.mse_loss(moved_then_painted.float() * 255, painted_then_moved.float() * 255) / contrast


def contrast_of(image: Tensor) -> Tensor:
    """Variance of the pixels of (N, 3, H, W), mean of pictures and colours, as a share of a usual painting's; at least 0.3."""
    variance = (image.float() * 255).var((2, 3)).mean()
    return (variance / _USUAL_VARIANCE).clamp(
        min=0.3
    )  # below, a plain wall's noise would be all that counts


def _luma(image: Tensor) -> Tensor:
    """Luma (N, H, W) in grey levels of (N, 3, H, W)."""
    weights = torch.tensor(_LUMA, device=image.device).view(1, 3, 1, 1)
    return (image.float() * weights).sum(1) * 255


def _taper(height: int, width: int, device: torch.device) -> Tensor:
    """A Hann window (H, W) for spectra: 1 in the middle, 0 at the border."""
    rows, columns = (
        torch.hann_window(size, periodic=False, device=device) for size in (height, width)
    )
    return torch.outer(rows, columns)
