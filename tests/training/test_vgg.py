"""The loss network and the sources of its weights."""

from __future__ import annotations

from http.client import IncompleteRead
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.training.objective.vgg import STYLE_LAYERS, LossNetwork, load_loss_network
from tests.helpers.training import NARROW, random_loss_network, random_weights


def test_loss_network_does_not_change_its_input() -> None:
    image = torch.rand(1, 3, 32, 32)
    before = image.clone()
    random_loss_network()(image, STYLE_LAYERS)
    assert torch.equal(image, before)


def test_features_have_the_shapes_of_vgg() -> None:
    features = LossNetwork(random_weights())(torch.rand(2, 3, 32, 48), ["relu1_2", "relu4_3"])
    assert features["relu1_2"].shape == (2, 64, 32, 48)
    assert features["relu4_3"].shape == (2, 512, 4, 6)


def test_continued_edges_hide_the_border_from_the_features() -> None:
    plain = torch.full((1, 3, 32, 32), 0.3)

    def spread(*, continue_edges: bool) -> float:
        weights = random_weights(channels=NARROW)
        vgg = LossNetwork(weights, channels=NARROW, continue_edges=continue_edges)
        features = vgg(plain, STYLE_LAYERS).values()
        return max(float(found.std((2, 3)).max()) for found in features)

    assert spread(continue_edges=False) > 0.1
    assert spread(continue_edges=True) < 1e-3


def test_mean_of_the_training_pictures_is_subtracted() -> None:
    mean = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1) / 255
    features = random_loss_network()(mean.expand(1, 3, 8, 8), ["conv1_1"])
    assert features["conv1_1"].abs().max() < 1e-2  # the biases are zero


def test_unknown_layer_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="relu9_9"):
        random_loss_network()(torch.rand(1, 3, 16, 16), ["relu9_9"])


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_weights_file_shows_which_vgg_it_holds(tmp_path: Path, name: str) -> None:
    torch.save(random_weights(name), tmp_path / "weights.pt")
    assert load_loss_network(str(tmp_path / "weights.pt")).name == name


def test_vgg19_needs_no_download() -> None:
    vgg = load_loss_network("vgg19")
    grey = vgg(torch.full((1, 3, 64, 64), 0.5), ["relu3_3"])["relu3_3"]
    stripes = (torch.arange(64) // 4 % 2).float().expand(1, 3, 64, 64)
    # Activations of the original weights are in the tens and hundreds, not of order one.
    assert grey.mean() > 1
    assert vgg(stripes, ["relu3_3"])["relu3_3"].mean() > 2 * grey.mean()


@pytest.mark.parametrize("kind", ["missing", "rubbish", "other"])
def test_wrong_weights_file_is_refused(tmp_path: Path, kind: str) -> None:
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
def test_failed_download_is_refused_with_an_alternative(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)
    with pytest.raises(TrainingError, match=r"could not be downloaded.*vgg19"):
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
