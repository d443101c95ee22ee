"""The transformation network and the loss network."""

from __future__ import annotations

from http.client import IncompleteRead
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torch.nn.functional as F

from realtime_style.errors import TrainingError
from realtime_style.training.networks.layers import (
    ConditionalInstanceNorm,
    ConditionalScale,
    Grain,
    Kernel,
    SmoothUpsampling,
)
from realtime_style.training.networks.transform_net import TransformNet, multiply_accumulates
from realtime_style.training.objective.vgg import STYLE_LAYERS, LossNetwork, load_loss_network
from tests.helpers.training import OWN, SMALL, random_loss_network, random_weights


@pytest.mark.parametrize(("name", "most"), [("fast", 2.5e9), ("fine", 10e9)])
def test_networks_cost_no_more_than_they_promise(name: str, most: float) -> None:
    assert 0.8 * most <= multiply_accumulates(TransformNet(name)) <= most


def test_mac_count_of_johnson_agrees_with_the_sum_by_hand() -> None:
    full, half, quarter = 480 * 640, 240 * 320, 120 * 160
    by_hand = (
        full * 32 * 3 * 81
        + half * 64 * 32 * 9
        + quarter * 128 * 64 * 9
        + 10 * quarter * 128 * 128 * 9
    )
    by_hand += half * 64 * 128 * 9 + full * 32 * 64 * 9 + full * 3 * 32 * 81
    assert multiply_accumulates(TransformNet("johnson")) == by_hand


def test_smooth_upsampling_is_resize_then_convolution() -> None:
    stage = SmoothUpsampling(5, 7, styles=None)
    x = torch.randn(2, 5, 7, 10)
    resized = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    wanted = F.conv2d(
        F.pad(resized, (1,) * 4, mode="replicate"), stage.conv.weight, stage.conv.bias
    )
    assert torch.allclose(stage(x, torch.ones(1)), wanted, atol=1e-5)


def test_grain_is_the_same_in_every_frame_and_new_in_every_step_of_training() -> None:
    stage = Grain(4, styles=2)
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


def test_detour_begins_as_nothing_and_then_sees_further_at_any_size() -> None:
    torch.manual_seed(1)
    net = TransformNet("c5s2-8,(d16,R16,(d24,g,s16),s8),s3").eval()
    plain = TransformNet("c5s2-8,s3").eval()
    net.stages[0].load_state_dict(plain.stages[0].state_dict())
    net.stages[2].load_state_dict(plain.stages[1].state_dict())
    image = torch.rand(1, 3, 48, 72)  # which both halve without a rest
    assert net.stride == plain.stride == 2
    assert (net.coarsest, plain.coarsest) == (8, 2)
    with torch.no_grad():
        assert torch.equal(net(image, net.style_weights()), plain(image, plain.style_weights()))
        for name, scale in net.named_parameters():
            if name.endswith(("gamma", "gain")):
                scale.fill_(1.0)
        painted = net(image, net.style_weights())
        odd = net(image[..., :45, :67], net.style_weights())
    assert odd.shape == (1, 3, 45, 67)
    assert (painted - plain(image, plain.style_weights())).abs().mean() > 0.01


@pytest.mark.parametrize("size_hw", [(5, 5), (16, 16), (33, 50), (479, 641)])
def test_any_size_comes_back_as_it_went_in(size_hw: tuple[int, int]) -> None:
    net = TransformNet(SMALL)
    with torch.no_grad():
        assert net(torch.rand(1, 3, *size_hw), net.style_weights()).shape == (1, 3, *size_hw)


def test_flat_picture_has_no_border_whatever_the_weights() -> None:
    torch.manual_seed(5)
    net = TransformNet("fast")
    with torch.no_grad():
        for name, scale in net.named_parameters():  # all but the grain, which is meant to be seen
            if name.endswith(("gamma", "beta")):
                scale.normal_()
    net(
        torch.rand(1, 3, 96, 120), net.style_weights()
    )  # what is usual: without a floor, norms blow rounding up to a picture
    with torch.no_grad():
        painted = net.eval()(torch.full((1, 3, 96, 120), 0.4), net.style_weights())
    assert (painted - painted[..., 48:49, 60:61]).abs().max() < 1e-3


def test_conditional_instance_norm_blends_scale_and_shift() -> None:
    norm = ConditionalInstanceNorm(2, styles=2).eval()
    norm.epsilon = 0.0
    with torch.no_grad():
        norm.gamma[1], norm.beta[1] = 3.0, 7.0
    x = torch.randn(1, 2, 50, 50)
    half = norm(x, torch.tensor([0.5, 0.5]))
    assert half.mean().item() == pytest.approx(3.5, abs=1e-4)
    assert half.std().item() == pytest.approx(2.0, rel=1e-2)


def test_what_is_much_fainter_than_usual_stays_faint() -> None:
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


@pytest.mark.parametrize("free", [False, True])
def test_one_spot_sets_the_strength_of_all_the_rest_only_where_it_is_normalised(free: bool) -> None:
    stage = SmoothUpsampling(4, 4, styles=2, free=free)
    style = torch.tensor([0.5, 0.5])
    picture = torch.randn(1, 4, 32, 32)
    spotted = picture.clone()
    spotted[..., 2:4, 2:4] = 1000
    far, far_spotted = (
        stage(each, style)[..., 16:, 16:].std().item() for each in (picture, spotted)
    )
    assert far_spotted / far == pytest.approx(1, rel=1e-4) if free else far_spotted < far / 5


def test_free_stage_is_scaled_and_shifted_by_the_blend_of_its_styles() -> None:
    norm = ConditionalScale(3, styles=2)
    with torch.no_grad():
        norm.gamma.copy_(torch.tensor([[1.0, 1, 1], [3.0, 3, 3]]))
        norm.beta.copy_(torch.tensor([[0.0, 0, 0], [8.0, 8, 8]]))
    x = torch.randn(2, 3, 5, 5)
    assert torch.allclose(norm(x, torch.tensor([0.25, 0.75])), 2.5 * x + 6)


def test_picture_that_is_no_number_is_not_remembered() -> None:
    norm = ConditionalInstanceNorm(1, styles=1)
    before = norm.epsilon
    norm(torch.full((1, 1, 4, 4), torch.inf), torch.ones(1))
    assert norm.epsilon == before


def test_styles_of_one_network_paint_differently() -> None:
    net = TransformNet(SMALL, styles=2)
    with torch.no_grad():
        net.stages[0].norm.gamma[1, ::2] *= 3  # type: ignore[union-attr, index, operator]
        image = torch.rand(1, 3, 32, 32)
        first, second = (
            net(image, net.style_weights(weights)) for weights in ([1.0, 0.0], [0.0, 1.0])
        )
    assert (first - second).abs().max() > 1e-3


def test_own_kernels_change_their_style_alone_and_begin_as_nothing() -> None:
    torch.manual_seed(3)
    net = TransformNet(OWN, styles=2).eval()
    shared = TransformNet(OWN.replace("*", ""), styles=2).eval()
    shared.load_state_dict(
        {name: value for name, value in net.state_dict().items() if not name.endswith(".own")}
    )
    own = [parameter for name, parameter in net.named_parameters() if name.endswith(".own")]
    assert len(own) == 9
    image = torch.rand(1, 3, 48, 64)
    first, second = net.style_weights([1.0, 0.0]), net.style_weights([0.0, 1.0])
    with torch.no_grad():
        for norm in (net.stages[2].stages[-1].norm, shared.stages[2].stages[-1].norm):  # type: ignore[index]
            norm.gamma.fill_(1.0)  # type: ignore[union-attr]
        wanted = shared(image, first)
        assert torch.allclose(net(image, first), wanted, atol=1e-5)
        for parameter in own:
            parameter[1].normal_(std=0.05)
            assert torch.allclose(net(image, first), wanted, atol=1e-5)
            painted = net(image, second)
            assert (painted - shared(image, second)).abs().mean() > 1e-4
            parameter.zero_()


def test_own_kernels_are_blended_as_styles_are() -> None:
    kernel = Kernel(2, 3, 3, own=2)
    assert kernel.own is not None
    with torch.no_grad():
        kernel.own.normal_()
        ends = [kernel.blend(style) for style in torch.eye(2)]
        blend = kernel.blend(torch.tensor([0.25, 0.75]))
    assert torch.allclose(blend, 0.25 * ends[0] + 0.75 * ends[1], atol=1e-6)


@pytest.mark.parametrize(
    ("architecture", "complaint"),
    [
        ("c9s1-32*,c9s1-3", "unknown stage"),
        ("d8*!,s3", "unknown stage"),
        ("d8,u8*,s3", "unknown stage"),
        ("c9s1-32,x4", "unknown stage"),
        ("c9s1-32,R64,c9s1-3", "meets 32 channels"),
        ("c9s1-32,d64,c9s1-3", "halves 1 times and does not double as often"),
        ("c9s1-32,d64,u32", "does not end with a plain picture"),
        ("c9s1-32,d64,u3", "does not end with a plain picture"),
        ("c9s1-3,R3", "does not end with a plain picture"),
        ("c9s1-3,(d8,s3)", "does not end with a plain picture"),
        ("g,c9s1-3", "begins with g"),
        ("R3,c9s1-3", "begins with R3"),
        ("d8*,s3", r"begins with d8\*"),
        ("u8,d8,c3s1-3", "begins with u8"),
        ("s3,c9s1-3", "begins with s3"),
        ("d8,(d16,s8,s3", "a bracket in the architecture is not closed"),
        ("d8,d16,s8),s3", "unknown stage"),
        ("d8,(d16,s6),s3", "a detour from 8 channels comes back with 6"),
        ("d8,(d16,u8),s3", "a detour of the architecture does not end with sC"),
        ("d8,(d16,d16,s8),s3", "does not come back to the size it left"),
        ("d8!,s3", "unknown stage"),
        ("d8,s3!", "where nothing is normalised anyway"),
    ],
)
def test_wrong_architecture_is_refused_by_name(architecture: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        TransformNet(architecture)


def test_loss_network_does_not_change_its_input() -> None:
    image = torch.rand(1, 3, 32, 32)
    before = image.clone()
    random_loss_network()(image, STYLE_LAYERS)
    assert torch.equal(image, before)


def test_loss_network_features_have_the_sizes_of_vgg() -> None:
    features = random_loss_network()(torch.rand(2, 3, 32, 48), ["relu1_2", "relu4_3"])
    assert features["relu1_2"].shape == (2, 64, 32, 48)
    assert features["relu4_3"].shape == (2, 512, 4, 6)


def test_loss_network_sees_no_border_where_edges_are_continued() -> None:
    plain = torch.full((1, 3, 32, 32), 0.3)

    def spread(vgg: LossNetwork) -> float:
        return float(
            torch.stack(
                [found.std((2, 3)).max() for found in vgg(plain, STYLE_LAYERS).values()]
            ).max()
        )

    assert spread(LossNetwork(random_weights(), continue_edges=False)) > 0.1
    assert spread(random_loss_network()) < 1e-3


def test_loss_network_subtracts_the_mean_of_its_training_pictures() -> None:
    mean = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1) / 255
    features = random_loss_network()(mean.expand(1, 3, 8, 8), ["conv1_1"])
    assert features["conv1_1"].abs().max() < 1e-2  # its biases are zero


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_weights_file_tells_which_vgg_it_is(tmp_path: Path, name: str) -> None:
    torch.save(random_weights(name), tmp_path / "weights.pt")
    assert load_loss_network(str(tmp_path / "weights.pt")).name == name


def test_vgg19_comes_without_a_download() -> None:
    network = load_loss_network("vgg19")
    grey = network(torch.full((1, 3, 64, 64), 0.5), ["relu3_3"])["relu3_3"]
    checks = network((torch.arange(64) // 4 % 2).float().expand(1, 3, 64, 64), ["relu3_3"])[
        "relu3_3"
    ]
    assert grey.mean() > 1  # original weights: activations in tens and hundreds, not of order one
    assert checks.mean() > 2 * grey.mean()


@pytest.mark.parametrize("kind", ["missing", "rubbish", "other"])
def test_wrong_loss_network_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "weights.pt"
    if kind == "rubbish":
        path.write_bytes(b"not a checkpoint")
    elif kind == "other":
        torch.save({"features.0.weight": torch.zeros(1)}, path)
    with pytest.raises(TrainingError, match=r"vgg16|loss network"):
        load_loss_network(str(path))


@pytest.mark.parametrize(
    "failure", [RuntimeError("invalid hash value"), IncompleteRead(b""), URLError("no network")]
)
def test_download_that_fails_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)
    with pytest.raises(TrainingError, match="could not be downloaded"):
        load_loss_network("vgg16")


def test_download_goes_to_the_cache_folder(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    folders: list[str] = []

    def download(url: str, *, model_dir: str, **_: object) -> None:
        folders.append(model_dir)
        raise URLError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", download)
    with pytest.raises(TrainingError, match="could not be downloaded"):
        load_loss_network("vgg16")
    assert folders == [str(own_home)]


def test_unknown_layer_is_refused_by_name() -> None:
    network: LossNetwork = random_loss_network()
    with pytest.raises(ValueError, match="relu9_9"):
        network(torch.rand(1, 3, 16, 16), ["relu9_9"])
