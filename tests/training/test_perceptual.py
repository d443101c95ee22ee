"""Losses on features against values computed by hand."""

from __future__ import annotations

import pytest
import torch

from realtime_style.training.objective.perceptual import (
    SelfProduct,
    content_loss,
    gram_matrix,
    grams_of_quarters,
    relative_style_loss,
    style_loss,
)


def test_gram_matrix_of_two_channels() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # (1, 2, 1, 2)
    wanted = torch.tensor([[[5.0, 11.0], [11.0, 25.0]]]) / 4
    assert torch.allclose(gram_matrix(features), wanted)


def test_gram_matrix_agrees_with_float64_and_is_symmetric() -> None:
    features = torch.randn(2, 16, 9, 7) * 1000
    flat = features.double().reshape(2, 16, 63)
    wanted = torch.einsum("ncp,ndp->ncd", flat, flat) / (16 * 63)
    seen = gram_matrix(features)
    assert (seen.double() - wanted).abs().max() < 1e-5 * wanted.abs().max()
    assert torch.allclose(seen, seen.transpose(1, 2))


def test_gram_matrix_of_bf16_features_is_float32() -> None:
    features = torch.rand(1, 4, 8, 8).to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = gram_matrix(features)
    assert seen.dtype == torch.float32
    assert torch.equal(seen, gram_matrix(features))


def test_gram_matrix_is_the_same_for_a_tiled_picture() -> None:
    features = torch.rand(1, 8, 6, 6)
    tiled = features.repeat(1, 1, 2, 3)
    assert torch.allclose(gram_matrix(features), gram_matrix(tiled), rtol=1e-4)


def test_grams_of_quarters_are_in_reading_order() -> None:
    features = torch.randn(2, 6, 11, 14)
    seen = grams_of_quarters(features)
    assert seen.shape == (2, 4, 6, 6)
    for number, (top, left) in enumerate(((0, 0), (0, 7), (5, 0), (5, 7))):
        wanted = gram_matrix(features[:, :, top : top + 5, left : left + 7])
        assert torch.allclose(seen[:, number], wanted, atol=1e-6)


def test_grams_of_bf16_quarters_are_float32_within_a_percent() -> None:
    features = torch.randn(2, 6, 11, 14)
    exact = grams_of_quarters(features)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = grams_of_quarters(features.to(torch.bfloat16))
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().max() < 0.01 * exact.abs().max()


def test_gradient_of_the_self_product_is_right() -> None:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(SelfProduct.apply, (pixels,))


def test_content_loss_is_the_mean_square_difference() -> None:
    features = {"relu3_3": torch.full((1, 2, 3, 3), 5.0)}
    target = {"relu3_3": torch.full((1, 2, 3, 3), 2.0)}
    assert content_loss(features, target).item() == pytest.approx(9.0)


def test_style_loss_sums_over_layers() -> None:
    features = {"a": torch.ones(2, 3, 4, 4), "b": torch.ones(2, 3, 4, 4)}
    grams = {name: gram_matrix(value[:1]) + 2 for name, value in features.items()}
    assert style_loss(features, grams).item() == pytest.approx(8.0)


def test_quarter_weight_penalises_style_in_one_half_only() -> None:
    striped = torch.tensor([1.0, -1.0]).repeat(4).view(1, 1, 1, 8).expand(1, 1, 8, 8)
    half = torch.cat([striped[..., :4, :] * 2**0.5, torch.zeros(1, 1, 4, 8)], dim=2)
    target = {"layer": gram_matrix(striped)}

    def loss(features: torch.Tensor, quarter_weight: float) -> float:
        return relative_style_loss({"layer": features}, target, quarter_weight).item()

    assert loss(half, 0) == pytest.approx(0, abs=1e-6)
    assert loss(striped, 1) == pytest.approx(0, abs=1e-6)
    assert loss(half, 1) == pytest.approx(1e5)  # quarters of 2, 2, 0, 0 instead of 1
    assert loss(half, 0.3) == pytest.approx(0.3e5)


def test_layers_and_paintings_have_equal_influence() -> None:
    soft, loud = torch.rand(2, 3, 8, 8), torch.rand(2, 4, 4, 4) * 500
    targets = {"soft": gram_matrix(soft[:1]) * 2, "loud": gram_matrix(loud[:1]) * 2}
    alone = [
        relative_style_loss({name: value}, {name: targets[name]}, 0.5).item()
        for name, value in (("soft", soft), ("loud", loud))
    ]
    both = relative_style_loss({"soft": soft, "loud": loud}, targets, 0.5).item()
    assert both == pytest.approx(sum(alone))
    pale = relative_style_loss({"loud": loud / 30}, {"loud": targets["loud"] / 900}, 0.5)
    assert pale.item() == pytest.approx(alone[1], rel=1e-4)
