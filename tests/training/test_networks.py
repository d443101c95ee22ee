"""Layers and stages of the transformation network."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from realtime_style.training.networks.blocks import NoiseInjection, SmoothUpsampling
from realtime_style.training.networks.layers import (
    ConditionalInstanceNorm,
    ConditionalScale,
    StyleConv,
)
from realtime_style.training.networks.transform_net import TransformNet
from tests.helpers.training import PER_STYLE, SMALL


def test_smooth_upsampling_equals_resize_then_convolution() -> None:
    stage = SmoothUpsampling(5, 7, styles=None)
    x = torch.randn(2, 5, 7, 10)
    resized = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    padded = F.pad(resized, (1,) * 4, mode="replicate")
    wanted = F.conv2d(padded, stage.conv.weight, stage.conv.bias)
    assert torch.allclose(stage(x, torch.ones(1)), wanted, atol=1e-5)


def test_noise_is_fixed_when_playing_and_new_in_each_training_step() -> None:
    stage = NoiseInjection(4, styles=2)
    with torch.no_grad():
        stage.gain[1] = torch.tensor([0.0, 1.0, 2.0, 3.0])
        style = torch.tensor([0.0, 1.0])
        x = torch.zeros(1, 4, 40, 300)
        learned = [stage(x, style) for _ in range(2)]
        stage.eval()
        played = [stage(x, style) for _ in range(2)]
        assert not torch.equal(*learned)
        assert torch.equal(*played)
        assert played[0].std((0, 2, 3)).tolist() == pytest.approx([0, 1, 2, 3], rel=0.05)
        assert torch.equal(played[0][..., :44], played[0][..., 256:])  # it repeats
        assert torch.equal(stage(x, torch.tensor([1.0, 0.0])), x)
        assert torch.equal(stage(torch.zeros(1, 4, 20, 20), style), played[0][..., :20, :20])


def test_low_res_branch_adds_nothing_at_first() -> None:
    torch.manual_seed(1)
    net = TransformNet("c5s2-8,(d16,R16,(d24,g,s16),s8),s3").eval()
    plain = TransformNet("c5s2-8,s3").eval()
    net.stages[0].load_state_dict(plain.stages[0].state_dict())
    net.stages[2].load_state_dict(plain.stages[1].state_dict())
    assert net.stride == plain.stride == 2
    assert (net.coarsest, plain.coarsest) == (8, 2)
    image = torch.rand(1, 3, 48, 72)  # divisible by both strides
    with torch.no_grad():
        assert torch.equal(net(image, net.style_weights()), plain(image, plain.style_weights()))
        for name, scale in net.named_parameters():
            if name.endswith(("gamma", "gain")):
                scale.fill_(1.0)
        painted = net(image, net.style_weights())
        assert (painted - plain(image, plain.style_weights())).abs().mean() > 0.01
        assert net(image[..., :45, :67], net.style_weights()).shape == (1, 3, 45, 67)


@pytest.mark.parametrize("size_hw", [(5, 5), (16, 16), (33, 50), (479, 641)])
def test_output_has_the_size_of_the_input(size_hw: tuple[int, int]) -> None:
    net = TransformNet(SMALL)
    with torch.no_grad():
        assert net(torch.rand(1, 3, *size_hw), net.style_weights()).shape == (1, 3, *size_hw)


def test_flat_picture_is_painted_without_a_border() -> None:
    torch.manual_seed(5)
    net = TransformNet("fast")
    with torch.no_grad():
        for name, scale in net.named_parameters():  # all but the gains of noise
            if name.endswith(("gamma", "beta")):
                scale.normal_()
    # Sets epsilon: without it, norms amplify rounding errors to a picture.
    net(torch.rand(1, 3, 96, 120), net.style_weights())
    with torch.no_grad():
        painted = net.eval()(torch.full((1, 3, 96, 120), 0.4), net.style_weights())
    assert (painted - painted[..., 48:49, 60:61]).abs().max() < 1e-3


def test_instance_norm_blends_scale_and_shift() -> None:
    norm = ConditionalInstanceNorm(2, styles=2).eval()
    norm.epsilon = 0.0
    with torch.no_grad():
        norm.gamma[1], norm.beta[1] = 3.0, 7.0
    x = torch.randn(1, 2, 50, 50)
    half = norm(x, torch.tensor([0.5, 0.5]))
    assert half.mean().item() == pytest.approx(3.5, abs=1e-4)
    assert half.std().item() == pytest.approx(2.0, rel=1e-2)


def test_instance_norm_keeps_faint_input_faint() -> None:
    norm = ConditionalInstanceNorm(3, styles=1)
    style = torch.ones(1)
    usual = torch.randn(2, 3, 40, 40) * 20
    for _ in range(400):
        norm(usual, style)
    norm.eval()
    assert norm.epsilon == pytest.approx(0.1 * 400, rel=0.1)
    assert norm(usual, style).std().item() == pytest.approx(0.95, abs=0.02)
    assert norm(usual / 100, style).std().item() < 0.05
    reloaded = ConditionalInstanceNorm(3, styles=1)
    reloaded.load_state_dict(norm.state_dict())
    assert reloaded.epsilon == norm.epsilon


def test_instance_norm_ignores_infinite_input_for_its_epsilon() -> None:
    norm = ConditionalInstanceNorm(1, styles=1)
    before = norm.epsilon
    norm(torch.full((1, 1, 4, 4), torch.inf), torch.ones(1))
    assert norm.epsilon == before


@pytest.mark.parametrize("normalize", [True, False])
def test_one_spot_weakens_the_rest_only_with_normalisation(normalize: bool) -> None:
    stage = SmoothUpsampling(4, 4, styles=2, normalize=normalize)
    style = torch.tensor([0.5, 0.5])
    picture = torch.randn(1, 4, 32, 32)
    spotted = picture.clone()
    spotted[..., 2:4, 2:4] = 1000
    far, far_spotted = (
        stage(each, style)[..., 16:, 16:].std().item() for each in (picture, spotted)
    )
    if normalize:
        assert far_spotted < far / 5
    else:
        assert far_spotted / far == pytest.approx(1, rel=1e-4)


def test_conditional_scale_blends_scale_and_shift() -> None:
    scale = ConditionalScale(3, styles=2)
    with torch.no_grad():
        scale.gamma.copy_(torch.tensor([[1.0, 1, 1], [3.0, 3, 3]]))
        scale.beta.copy_(torch.tensor([[0.0, 0, 0], [8.0, 8, 8]]))
    x = torch.randn(2, 3, 5, 5)
    assert torch.allclose(scale(x, torch.tensor([0.25, 0.75])), 2.5 * x + 6)


def test_styles_of_one_network_paint_differently() -> None:
    net = TransformNet(SMALL, styles=2)
    with torch.no_grad():
        net.stages[0].norm.gamma[1, ::2] *= 3  # type: ignore[union-attr, index, operator]
        image = torch.rand(1, 3, 32, 32)
        first, second = (
            net(image, net.style_weights(weights)) for weights in ([1.0, 0.0], [0.0, 1.0])
        )
    assert (first - second).abs().max() > 1e-3


def test_per_style_kernels_start_at_zero_and_change_one_style() -> None:
    torch.manual_seed(3)
    net = TransformNet(PER_STYLE, styles=2).eval()
    shared = TransformNet(PER_STYLE.replace("*", ""), styles=2).eval()
    state = net.state_dict().items()
    shared.load_state_dict(
        {name: value for name, value in state if not name.endswith(".per_style")}
    )
    parts = [part for name, part in net.named_parameters() if name.endswith(".per_style")]
    assert len(parts) == 9
    image = torch.rand(1, 3, 48, 64)
    first, second = net.style_weights([1.0, 0.0]), net.style_weights([0.0, 1.0])
    with torch.no_grad():
        for each in (net, shared):  # open the branch, whose last scale starts at zero
            each.stages[2].stages[-1].norm.gamma.fill_(1.0)  # type: ignore[union-attr, index]
        wanted = shared(image, first)
        assert torch.allclose(net(image, first), wanted, atol=1e-5)
        for part in parts:
            part[1].normal_(std=0.05)
            assert torch.allclose(net(image, first), wanted, atol=1e-5)
            assert (net(image, second) - shared(image, second)).abs().mean() > 1e-4
            part.zero_()


def test_per_style_kernels_are_blended_like_styles() -> None:
    conv = StyleConv(2, 3, 3, per_style=2)
    assert conv.per_style is not None
    with torch.no_grad():
        conv.per_style.normal_()
        ends = [conv.blend(style) for style in torch.eye(2)]
        blend = conv.blend(torch.tensor([0.25, 0.75]))
    assert torch.allclose(blend, 0.25 * ends[0] + 0.75 * ends[1], atol=1e-6)
